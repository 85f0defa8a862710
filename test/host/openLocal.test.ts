import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import type * as vscode from 'vscode';
import { image, layer } from '../support/image.ts';
import { writeLayout } from '../support/layout.ts';
import { sha256 } from '../support/registry/store.ts';
import { directory, file, tar } from '../support/tar.ts';
import { jsonOf, peel, refusal, workspaceFolder } from './commands.ts';

interface Opened {
  readonly registry: string;
  readonly references: readonly string[];
}

describe('opening local images', () => {
  let folder: string;
  const base = layer([directory('etc/'), file('etc/hello', 'hello from a file\n')]);
  const built = image({ layers: [base, layer([file('etc/more', 'more\n')], { compression: 'zstd' })] });

  before(() => {
    folder = join(workspaceFolder(), 'local images');
    mkdirSync(folder, { recursive: true });
    writeLayout(join(folder, 'layout'), built, 'v1');
    const config = `${sha256(built.config).slice(7)}.json`;
    const layers = built.layers.map(({ tar: bytes }, at) => file(`${at}/layer.tar`, bytes));
    const manifest = [{ Config: config, RepoTags: ['demo/saved:2.0'], Layers: layers.map(({ path }) => path) }];
    const saved = tar(...layers, file(config, built.config), file('manifest.json', JSON.stringify(manifest)));
    writeFileSync(join(folder, 'saved.tar'), saved);
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
    rmSync(join(workspaceFolder(), 'images'), { recursive: true, force: true });
  });

  for (const [name, tag] of [
    ['layout', 'v1'],
    ['saved.tar', '2.0'],
  ] as const) {
    it(`opens ${name}, and every command works on its image as on one in a registry`, async () => {
      const { registry, references } = await peel<Opened>('openLocal', { folder: join(folder, name) });
      const [reference = ''] = references;
      assert.equal(references.length, 1);
      assert.match(reference, new RegExp(`^${registry}/[a-z]+:${tag}$`));
      assert.deepEqual(await peel('listTags', { repository: reference.replace(/:[^:]*$/, '') }), [tag]);
      const missing = await refusal('pullImage', { reference: reference.replace(`:${tag}`, ':other') });
      assert.match(missing, /does not have manifest other/);
      const config = await jsonOf(await peel<vscode.Uri>('showConfig', { reference }));
      assert.equal(config['architecture'], 'amd64');
      const pulled = await peel<{ folder: string; layers: readonly { path: string; diffId: string }[] }>('pullImage', {
        reference,
        folder: `images/local-${tag}`,
        platform: 'linux/amd64',
      });
      assert.deepEqual(
        pulled.layers.map(({ diffId }) => diffId),
        built.layers.map(({ diffId }) => diffId),
      );
      assert.equal(readFileSync(join(pulled.layers[0]!.path, 'etc/hello'), 'utf8'), 'hello from a file\n');
      const target = join(workspaceFolder(), 'images', `${tag}-merged`);
      await peel('extractMerged', { reference, target, platform: 'linux/amd64' });
      assert.ok(existsSync(join(target, 'etc/more')));
      const archive = join(workspaceFolder(), 'images', `${tag}.tar`);
      await peel('exportImage', { reference, target: archive, format: 'oci-archive', platform: 'linux/amd64' });
      const again = await peel<Opened>('openLocal', { folder: archive });
      assert.equal(again.references.length, 1);
      for (const opened of [registry, again.registry]) await peel('removeRegistry', { registry: opened });
    });
  }

  it('refuses a file that is not an image, and stores nothing', async () => {
    writeFileSync(join(folder, 'text.tar'), 'just a text\n'.repeat(100));
    assert.match(
      await refusal('openLocal', { folder: join(folder, 'text.tar') }),
      /is not a tar archive, or is damaged/,
    );
    assert.match(await refusal('openLocal', { folder }), /no file oci-layout/);
    assert.match(await refusal('openLocal', { folder: join(folder, 'missing.tar') }), /missing\.tar/);
  });
});
