import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import test from 'node:test';
import { fixAcrossLayers } from '../../../../src/layers/unpack/fixAcrossLayers.ts';
import { MergedFolder } from '../../../../src/layers/unpack/merge.ts';
import { type Attack, attacks, type Target } from '../../../support/attacks.ts';
import { tar } from '../../../support/tar.ts';
import { requireRoot } from '../../../support/tools.ts';
import { plantVictim } from '../../../support/victim.ts';
import { asUser, feed, LIMITS, unpack } from '../unpacking.ts';

/**
 * How an attack is delivered. It may fail, as long as it fails with an error that says what was
 * wrong.
 */
type Delivery = (attack: Attack, destination: string) => void;

const EXPECTED = ['InvalidLayerError', 'TruncatedLayerError', 'HostileEntryError', 'LimitExceededError'];

function allowed(action: () => void): void {
  try {
    action();
  } catch (error) {
    assert.ok(
      error instanceof Error && EXPECTED.includes(error.name),
      error instanceof Error ? error.stack : 'no error',
    );
  }
}

/** Each layer into its own folder, as a pull does it. */
const separately: Delivery = ({ layers }, destination) => {
  mkdirSync(destination);
  const done: { folder: string; sidecar: string }[] = [];
  for (const [index, entries] of layers.entries()) {
    const folder = join(destination, String(index + 1));
    allowed(() => {
      unpack(tar(...entries), folder);
      done.push({ folder, sidecar: `${folder}.json` });
    });
  }
  fixAcrossLayers(done);
};

/** All layers into one folder. */
const merged: Delivery = ({ layers }, destination) => {
  allowed(() => {
    const folder = new MergedFolder({ folder: destination, sidecar: `${destination}.json`, limits: LIMITS });
    for (const entries of layers) {
      const layer = folder.layer();
      try {
        feed(layer, tar(...entries));
        layer.end();
      } finally {
        layer.close();
      }
    }
    folder.end();
  });
};

function deliver(delivery: Delivery, depth: number): void {
  const list = (target: Target): Attack[] => attacks({ ...target, depth });
  const names = list({ victim: '/victim', destinationName: 'destination' }).map(({ name }) => name);
  for (const index of names.keys()) {
    const victim = plantVictim();
    try {
      const attack = list({ victim: victim.folder, destinationName: basename(victim.destination) })[index];
      assert.ok(attack);
      delivery(attack, victim.destination);
      try {
        victim.assertUnharmed();
      } catch (error) {
        throw new Error(`harmed by: ${attack.name}`, { cause: error });
      }
    } finally {
      victim.remove();
    }
  }
  assert.ok(names.length > 200);
}

for (const [name, delivery, depth] of [
  ['layer by layer', separately, 2],
  ['into a merged folder', merged, 1],
] as const) {
  test(`no known attack harms what lies beside, ${name}`, () => deliver(delivery, depth));
  test(`no known attack harms what lies beside, ${name}, as a normal user`, { skip: requireRoot() }, () => {
    asUser(() => deliver(delivery, depth));
  });
}

test('a changed victim is noticed', () => {
  const victim = plantVictim();
  try {
    mkdirSync(victim.destination);
    victim.assertUnharmed();
    writeFileSync(join(victim.destination, '../victim/hello'), 'pwned');
    assert.throws(() => victim.assertUnharmed());
  } finally {
    victim.remove();
  }
});
