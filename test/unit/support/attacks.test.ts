import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { attacks } from '../../support/attacks.ts';
import { tar } from '../../support/tar.ts';
import { requireTool } from '../../support/tools.ts';
import { plantVictim, type Victim } from '../../support/victim.ts';

/** Unpacks one attack the way a program does that trusts archives. */
function unpackNaively(name: string, victim: Victim): void {
  const found = attacks({ victim: victim.folder, destinationName: 'destination' }).find(attack => attack.name === name);
  assert.ok(found, name);
  mkdirSync(victim.destination);
  for (const layer of found.layers) {
    spawnSync('tar', ['-xP', '--overwrite', '-f', '-', '-C', victim.destination], { input: tar(...layer) });
  }
}

describe('attacks', { skip: requireTool('tar') }, () => {
  it('have unique names', () => {
    const names = attacks({ victim: '/victim', destinationName: 'destination' }).map(({ name }) => name);
    assert.deepEqual(names, [...new Set(names)]);
  });

  for (const name of [
    'a file named ../victim/new',
    'a FIFO named ../destination-evil/secret',
    'a file through a symlink to ../victim',
    'a mode by /. through a symlink to ../victim',
    'a symlink deep inside',
    'a chain of symlinks',
    'a hard link to ../victim/hello',
    'a hard link to a hard link to ../victim/hello',
    'an opaque mark through a symlink',
    'an extended name',
    'a symlink to ../victim of a lower layer, written through',
  ]) {
    it(`harm an unpacker without protection: ${name}`, () => {
      const victim = plantVictim();
      try {
        victim.assertUnharmed();
        unpackNaively(name, victim);
        assert.throws(() => victim.assertUnharmed(), assert.AssertionError);
      } finally {
        victim.remove();
      }
    });
  }
});
