import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { image, layer, type BuiltImage } from '../support/image.ts';
import { startRegistry, type Registry } from '../support/registry/registry.ts';
import { sha256 } from '../support/registry/store.ts';
import { sociIndex, ztocOf } from '../support/soci.ts';
import { directory, file, tar } from '../support/tar.ts';
import { peel, workspaceFolder } from './commands.ts';
import { find, makeTrees } from './trees.ts';

interface Listed {
  readonly path: string;
  readonly verified?: boolean;
}

describe('files of partially read layers', () => {
  let registry: Registry;
  let local: string;
  const noise = randomBytes(6 << 20);
  const entries = [directory('opt/'), file('opt/noise', noise), file('opt/late', 'near the end\n')];
  const plain = image({ layers: [layer(entries, { compression: 'none' })] });

  before(async () => {
    registry = await startRegistry();
    local = join(workspaceFolder(), 'parts');
    mkdirSync(local, { recursive: true });
    registry.store.put('parts', plain, 'plain');
    const gzip = layer(entries);
    const index = sociIndex([[gzip, ztocOf(gzip, { spanSize: 1 << 20 })]]);
    registry.store.put('parts', index);
    const annotations = { 'com.amazon.soci.index-digest': index.digest };
    registry.store.put('parts', image({ layers: [gzip], annotations }), 'soci');
    const other = layer([...entries, file('opt/other', 'x')]);
    const referred = image({ layers: [other] });
    registry.store.put('parts', referred, 'referred');
    registry.store.put('parts', sociIndex([[other, ztocOf(other, { spanSize: 1 << 20 })]], referred.descriptor));
  });
  beforeEach(() => void (registry.requests.length = 0));
  after(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await registry.close();
    rmSync(local, { recursive: true, force: true });
    rmSync(join(workspaceFolder(), 'images'), { recursive: true, force: true });
  });

  const reference = (tag: string): string => `${registry.host}/parts:${tag}`;

  async function late(name: string): Promise<{ readonly verified: boolean; readonly text: string }> {
    const asked = { reference: name, platform: 'linux/amd64' };
    const files = await peel<Listed[]>('listFiles', asked);
    const { verified = true } = files.find(({ path }) => path === 'opt/late') ?? {};
    const uri = await peel<vscode.Uri>('openFile', { ...asked, path: '/opt/late' });
    return { verified, text: (await vscode.workspace.openTextDocument(uri)).getText() };
  }

  /** The number of bytes requested of the image's layer. */
  function fetched({ layers }: BuiltImage): number {
    const of = registry.requests.filter(({ path }) => path.endsWith(layers[0]?.digest ?? '-'));
    return of.reduce((sum, { headers }) => {
      const [, start, end] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [];
      return sum + (end === undefined ? Infinity : Number(end) - Number(start) + 1);
    }, 0);
  }

  it('are read from an uncompressed layer as unverified, and are verified once the image is pulled', async () => {
    assert.deepEqual(await late(reference('plain')), { verified: false, text: 'near the end\n' });
    assert.ok(fetched(plain) < noise.length / 4, `${fetched(plain)} bytes`);
    await peel('pullImage', { reference: reference('plain'), folder: 'images/parts', platform: 'linux/amd64' });
    assert.deepEqual(await late(reference('plain')), { verified: true, text: 'near the end\n' });
  });

  it('are read from spans of a gzip layer with a SOCI index', async () => {
    assert.deepEqual(await late(reference('soci')), { verified: true, text: 'near the end\n' });
    assert.deepEqual(await late(reference('referred')), { verified: false, text: 'near the end\n' });
    const whole = registry.requests.filter(({ path, headers }) => path.includes('/blobs/') && !headers.range);
    // Configs, indexes and zTOCs, but no layers.
    const layers = registry.store.manifests('parts').flatMap(({ bytes }) => layersOf(bytes));
    assert.deepEqual(
      whole.filter(({ path }) => layers.some(digest => path.endsWith(digest))),
      [],
    );
  });

  it('are read from a docker save archive without copying its layers', async () => {
    const config = `${sha256(plain.config).slice(7)}.json`;
    const manifest = [{ Config: config, RepoTags: ['parts/saved:1'], Layers: ['layer.tar'] }];
    const saved = [file('layer.tar', plain.layers[0]?.tar ?? ''), file(config, plain.config)];
    const path = join(local, 'saved.tar');
    writeFileSync(path, tar(...saved, file('manifest.json', JSON.stringify(manifest))));
    await peel('cleanCache', {});
    const { references } = await peel<{ references: readonly string[] }>('openLocal', { folder: path });
    assert.deepEqual(await late(references[0] ?? ''), { verified: false, text: 'near the end\n' });
    // Only the layer's listing is cached, which is smaller than the layer.
    assert.ok((await peel<number>('cleanCache', {})) < noise.length / 4);
  });

  it('are marked as unverified in the tree', async () => {
    const settings = vscode.workspace.getConfiguration('peel');
    await settings.update('registries', [{ url: registry.url }], vscode.ConfigurationTarget.Global);
    const trees = makeTrees();
    try {
      const row = await find(trees.registries, registry.host, 'parts', 'plain', 'Files', 'opt', 'late');
      const { tooltip } = await trees.registries.getTreeItem(row);
      assert.ok(typeof tooltip === 'string');
      assert.match(tooltip, /unverified/);
    } finally {
      await trees.dispose();
      await settings.update('registries', undefined, vscode.ConfigurationTarget.Global);
    }
  });
});

function layersOf(manifest: Buffer): string[] {
  const { layers } = JSON.parse(manifest.toString()) as { layers: { mediaType: string; digest: string }[] };
  return layers.filter(({ mediaType }) => /layer/.test(mediaType)).map(({ digest }) => digest);
}
