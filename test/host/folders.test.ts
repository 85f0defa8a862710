import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { compress } from '../support/compress.ts';
import { image, layer } from '../support/image.ts';
import { writeLayout } from '../support/layout.ts';
import { startRegistry, type Registry } from '../support/registry/registry.ts';
import { sha256 } from '../support/registry/store.ts';
import { directory, file, tar, whiteout } from '../support/tar.ts';
import { peel, refusal, until, workspaceFolder } from './commands.ts';

interface Listed {
  readonly path: string;
  readonly layer: number;
}

/** Pulled images, layouts and archives on disk, used in place of a reference. */
describe('folders and archives as images', () => {
  let registry: Registry;
  let place: string;
  const base = layer([directory('etc/'), file('etc/motd', 'old\n'), file('etc/gone', 'x')]);
  const top = layer([file('etc/motd', 'newer\n'), whiteout('etc/gone')], { compression: 'zstd' });
  const one = image({ layers: [base] });
  const two = image({ layers: [base, top] });

  before(async () => {
    registry = await startRegistry();
    place = join(workspaceFolder(), 'images');
    registry.store.put('app', one, '1');
    registry.store.put('app', two, '2');
    registry.store.put('old', image({ layers: [base], format: 'schema1', name: 'old', tag: 'v1' }), 'v1');
    const platform = 'linux/amd64';
    await peel('pullImage', { reference: `${registry.host}/app:1`, folder: 'images/app-1', platform });
    await peel('pullImage', { reference: `${registry.host}/app:2`, folder: 'images/app-2', platform });
    await peel('pullImage', { reference: `${registry.host}/old:v1`, folder: 'images/old' });
    // These tests make no requests, so they need neither a registry nor a cache.
    await registry.close();
    await peel('cleanCache');
  });
  after(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    rmSync(place, { recursive: true, force: true });
  });

  const folder = (name: string): string => join(place, name);
  const paths = (entries: readonly Listed[]): string[] => entries.map(({ path, layer }) => `${path} ${layer}`);

  it('list the files of a pulled image and of one of its layers, and open one', async () => {
    assert.deepEqual(paths(await peel<Listed[]>('listFiles', { folder: folder('app-2') })), ['etc 1', 'etc/motd 2']);
    const lower = await peel<Listed[]>('listFiles', { folder: folder('app-2'), layer: 1 });
    assert.deepEqual(paths(lower), ['etc 1', 'etc/motd 1', 'etc/gone 1']);
    const uri = await peel<vscode.Uri>('openFile', { folder: folder('app-2'), path: 'etc/motd' });
    assert.equal((await vscode.workspace.openTextDocument(uri)).getText(), 'newer\n');
    assert.deepEqual(paths(await peel<Listed[]>('listFiles', { folder: folder('old') })), [
      'etc 1',
      'etc/motd 1',
      'etc/gone 1',
    ]);
  });

  it('can be compared, images and layers', async () => {
    type Comparison = { readonly [kind in 'added' | 'removed' | 'changed']: readonly Listed[] };
    const sides = { left: { folder: folder('app-1') }, right: { folder: folder('app-2') } };
    const result = await peel<Comparison>('compareImages', sides);
    assert.deepEqual(
      [result.added, result.removed, result.changed].map(entries => entries.map(({ path }) => path)),
      [[], ['etc/gone'], ['etc/motd']],
    );
    const title = 'app-1 linux/amd64 ↔ app-2 linux/amd64';
    const labels = (): string[] => vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs.map(({ label }) => label));
    await until(async () => labels().find(label => label === title));
    const layers = await peel<Comparison>('compareLayers', {
      left: { folder: folder('app-2'), layer: 1 },
      right: { folder: folder('app-2'), layer: 2 },
    });
    assert.deepEqual(paths(layers.changed), ['etc/motd 2']);
    const files = await peel<readonly vscode.Uri[]>('compareFiles', {
      left: { folder: folder('app-1'), path: 'etc/motd' },
      right: { folder: folder('app-2'), path: 'etc/motd' },
    });
    assert.equal(files.length, 2);
  });

  it('have an image page with their files', async () => {
    const shown = await peel<Record<string, string>>('showImagePage', { folder: folder('app-2') });
    assert.equal(shown['digest'], two.digest);
    const result = await peel<{ readonly wastedBytes: number }>('analyzeImage', { folder: folder('app-2') });
    assert.equal(result.wastedBytes, 'old\nx'.length);
  });

  it('include layouts, and list the images if there are several', async () => {
    writeLayout(folder('layout'), two, 'v1');
    assert.deepEqual(paths(await peel<Listed[]>('listFiles', { folder: folder('layout') })), ['etc 1', 'etc/motd 2']);
    assert.match(await refusal('listFiles', { folder: folder('nothing') }), /nothing/);
    mkdirSync(folder('empty'));
    assert.match(await refusal('listFiles', { folder: folder('empty') }), /no file oci-layout/);
  });

  for (const [name, compression] of [
    ['saved.tar.gz', 'gzip'],
    ['saved.tar.zst', 'zstd'],
  ] as const) {
    it(`include an archive that is compressed as a whole: ${name}`, async () => {
      const config = `${sha256(two.config).slice(7)}.json`;
      const layers = two.layers.map(({ tar: bytes }, at) => file(`${at}/layer.tar`, bytes));
      const manifest = ['1.0', '2.0'].map(tag => ({
        Config: config,
        RepoTags: [`demo/${compression}:${tag}`],
        Layers: layers.map(({ path }) => path),
      }));
      const saved = tar(...layers, file(config, two.config), file('manifest.json', JSON.stringify(manifest)));
      writeFileSync(folder(name), compress(saved, compression));
      assert.match(await refusal('listFiles', { folder: folder(name) }), /contains 2 images: 1\.0, 2\.0/);
      type Opened = { readonly registry: string; readonly references: readonly string[] };
      const opened = await peel<Opened>('openLocal', { folder: folder(name) });
      const [reference] = opened.references;
      assert.match(opened.registry, /^saved-[0-9a-f]{8}\.localhost$/);
      assert.deepEqual(paths(await peel<Listed[]>('listFiles', { reference })), ['etc 1', 'etc/motd 2']);
      await peel('removeRegistry', { registry: opened.registry });
    });
  }
});
