import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { fillDemo } from '../support/demoImage.ts';
import { startRegistry, type Registry } from '../support/registry/registry.ts';
import { peel, refusal } from './commands.ts';

interface Committed {
  readonly folder: string;
  readonly digest: string;
  readonly layer?: { readonly digest: string; readonly diffId: string; readonly size: number };
}

describe('commands for changes', () => {
  let registry: Registry;
  let folder: string;
  const made: string[] = [];

  before(async () => {
    registry = await startRegistry();
    fillDemo(registry);
    const reference = `${registry.host}/demo/hello:latest`;
    ({ folder } = await peel<{ folder: string }>('pullImage', { reference, folder: 'images/to be changed' }));
  });
  after(async () => {
    for (const terminal of vscode.window.terminals) terminal.dispose();
    await peel('unmountLazily', { folder });
    await registry.close();
    for (const path of [folder, ...made]) rmSync(path, { recursive: true, force: true });
  });

  it('list what was changed in a mount', async () => {
    assert.deepEqual(await peel('listChanges', { folder }), []);
    const { mountPoint } = await peel<{ mountPoint: string }>('mountImage', { folder });
    writeFileSync(join(mountPoint, 'written'), 'here');
    rmSync(join(mountPoint, 'app/README.md'));
    const changes = await peel<{ path: string; change: string }[]>('listChanges', { folder });
    assert.deepEqual(
      changes.map(({ path, change }) => `${change} ${path}`),
      ['deleted app/README.md', 'added written'],
    );
  });

  it('refuse to commit while the image can change, then commit an image that pulls could have made', async () => {
    assert.match(await refusal('commitImage', { folder }), /mounted.*Unmount it first/);
    await peel('unmountImage', { folder });
    const config = { cmd: ['/app/run'], env: ['GREETING=hi'] };
    const options = { folder, reference: 'example.com/mine:1', comment: 'by hand', config };
    const committed = await peel<Committed>('commitImage', { ...options, created: '2026-01-31T12:00:00Z' });
    made.push(committed.folder);
    assert.match(committed.folder, /images\/mine-1$/);
    assert.match(committed.layer?.digest ?? '', /^sha256:/);
    const description = JSON.parse(readFileSync(join(committed.folder, 'peel.json'), 'utf8'));
    assert.equal(description.reference, 'example.com/mine:1');
    assert.equal(description.digest, committed.digest);
    assert.equal(description.complete, true);
    const last = join(committed.folder, `layers/${description.layers.length}`);
    assert.equal(readFileSync(join(last, 'written'), 'utf8'), 'here');
    assert.deepEqual(await peel('listChanges', { folder: committed.folder }), []);
    assert.equal(existsSync(join(folder, `layers/${description.layers.length}`)), false, 'the source is as it was');

    const again = { ...options, created: '2026-01-31T12:00:00Z', target: 'images/mine-again' };
    const second = await peel<Committed>('commitImage', again);
    made.push(second.folder);
    assert.equal(second.digest, committed.digest);
    assert.match(await refusal('commitImage', again), /is not empty/);
    assert.deepEqual(
      readdirSync(join(committed.folder, '..')).filter(name => name.endsWith('.partial')),
      [],
    );
  });

  it('refuse wrong arguments, and a commit of nothing', async () => {
    const [first = ''] = made;
    assert.match(await refusal('commitImage', { folder: first, target: 'images/nothing' }), /Nothing to commit/);
    assert.match(await refusal('commitImage', { folder, config: { volumes: [] } }), /"config"/);
    assert.match(await refusal('commitImage', { folder, created: 'yesterday' }), /"created"/);
  });
});
