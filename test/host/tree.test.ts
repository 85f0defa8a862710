import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as vscode from 'vscode';
import type { NodeTree } from '../../src/vscode/tree/nodeTree.ts';
import { type TreeNode } from '../../src/vscode/tree/treeNode.ts';
import { NATIVE } from '../support/demoBase.ts';
import { image, layer } from '../support/image.ts';
import { file } from '../support/tar.ts';
import { DemoTrees } from './demoTrees.ts';
import { find, makeTrees, texts, textOf } from './trees.ts';

describe('the Registries tree', () => {
  const fixture = new DemoTrees();

  it('expands from the registry to repositories, tags, platforms and layers', async () => {
    const { registries } = fixture.trees;
    assert.deepEqual(await texts(registries), [fixture.demo.host, 'Open Image…', 'Get Started']);
    const repositories = await texts(registries, await find(registries, fixture.demo.host));
    assert.deepEqual(repositories, ['demo/hello', 'demo/nightly', 'demo/notes', 'library/busybox']);
    const hello = await find(registries, fixture.demo.host, 'demo/hello');
    const tags = await texts(registries, hello);
    assert.equal(tags[0], 'latest');
    assert.ok(tags.indexOf('1.10.0') < tags.indexOf('1.2.0'), 'newest version first');
    assert.equal(await textOf(registries, hello), `demo/hello | ${tags.length} tags`);
    const tag = await find(registries, fixture.demo.host, 'demo/hello', '2.0.0');
    const rows = await texts(registries, tag);
    assert.equal(await textOf(registries, tag), '2.0.0 | 2 platforms');
    const native = `${NATIVE.os}/${NATIVE.architecture}`;
    assert.ok(
      rows.some(row => row.startsWith(native)),
      rows.join(),
    );
    const platform = await find(registries, fixture.demo.host, 'demo/hello', '2.0.0', native);
    assert.deepEqual(await texts(registries, platform), ['Manifest', 'Config', 'Layers', 'Files', 'Attached']);
    const layers = await find(registries, fixture.demo.host, 'demo/hello', '2.0.0', native, 'Layers');
    const shown = await texts(registries, layers);
    assert.equal(shown.length, 5);
    const spoken = (await registries.getTreeItem(layers)).accessibilityInformation?.label;
    assert.match(spoken ?? '', /^Layers · 5 layers · [\d.]+ [kM]?B$/, 'as it reads, not its tooltip');
    assert.match(shown[1] ?? '', /^2 · COPY app \/app \| [\d.]+ k?B$/);
    assert.match(shown[2] ?? '', /^3 · RUN make-assets && make-data \| [\d.]+ k?B$/);
    assert.match(await textOf(registries, layers), /^Layers \| 5 layers · /);
  });

  it('gives each row an argument that commands accept', async () => {
    const { registries } = fixture.trees;
    const native = `${NATIVE.os}/${NATIVE.architecture}`;
    const platform = await find(registries, fixture.demo.host, 'demo/hello', '2.0.0', native);
    assert.equal(platform.argument.reference, `${fixture.demo.host}/demo/hello:2.0.0`);
    assert.equal(platform.argument.platform, native);
    const row = await find(registries, fixture.demo.host, 'demo/hello', '2.0.0', native, 'Layers', /^2 · /);
    assert.equal(row.argument.layer, 2);
    assert.match(row.argument.digest ?? '', /^sha256:/);
    const config = await find(registries, fixture.demo.host, 'demo/hello', '2.0.0', native, 'Config');
    const item = await registries.getTreeItem(config);
    assert.equal(item.command?.command, 'peel.showConfig');
    const uri = await vscode.commands.executeCommand<vscode.Uri>(
      item.command.command,
      ...(item.command.arguments as unknown[]),
    );
    const document = await vscode.workspace.openTextDocument(uri);
    assert.match(document.getText(), /\n {2}"architecture": "/);
    assert.equal(document.languageId, 'json');
  });

  it('shows the sizes of platforms once they are known', async () => {
    const { registries } = fixture.trees;
    const tag = await find(registries, fixture.demo.host, 'demo/hello', '2.0.0');
    await registries.getChildren(tag);
    for (let attempt = 0; attempt < 100; attempt += 1) {
      const [first, second] = await texts(registries, tag);
      if (/\| [\d.]+ [kM]B$/.test(first ?? '') && /\| [\d.]+ [kM]B$/.test(second ?? '')) return;
      await new Promise(resolve => setTimeout(resolve, 50));
    }
    assert.fail(`no sizes in ${(await texts(registries, tag)).join(', ')}`);
  });

  it('shows schema 1 images, images without platforms, and artifacts as such', async () => {
    const { registries } = fixture.trees;
    const old = await find(registries, fixture.demo.host, 'library/busybox', 'v1');
    assert.deepEqual(await texts(registries, old), ['Manifest', 'Config', 'Layers', 'Files', 'Attached']);
    assert.match(await textOf(registries, old), /^v1 \| .* · schema 1$/);
    const layers = await texts(
      registries,
      await find(registries, fixture.demo.host, 'library/busybox', 'v1', 'Layers'),
    );
    assert.equal(layers.length, 1);
    assert.match(layers[0] ?? '', /^1 · [^|]+ \| [\d.]+ [kM]B/, 'the registry reports the size, which schema 1 omits');
    const single = await find(registries, fixture.demo.host, 'demo/hello', 'single');
    assert.deepEqual(await texts(registries, single), ['Manifest', 'Config', 'Layers', 'Files', 'Attached']);
    const notes = await find(registries, fixture.demo.host, 'demo/notes', 'latest');
    assert.deepEqual(
      (await texts(registries, notes)).map(text => text.split(' | ')[0]),
      ['Manifest', 'notes.md', 'numbers.csv'],
    );
    assert.equal((await registries.getTreeItem(notes)).contextValue, 'peel.artifact');
    const csv = await find(registries, fixture.demo.host, 'demo/notes', 'latest', 'numbers.csv');
    assert.equal((await registries.getTreeItem(csv)).contextValue, 'peel.file');
    assert.deepEqual([csv.argument.reference, csv.argument.layer], [`${fixture.demo.host}/demo/notes:latest`, 2]);
  });

  it('shows attachments: referrers, and attestations of the index', async () => {
    const { registries } = fixture.trees;
    const native = `${NATIVE.os}/${NATIVE.architecture}`;
    const attached = await find(registries, fixture.demo.host, 'demo/hello', '2.0.0', native, 'Attached');
    const names = (await texts(registries, attached)).map(text => text.split(' | ')[0]);
    assert.deepEqual(names, ['Provenance', 'SBOM (SPDX)']);
    const [attestation] = await registries.getChildren(attached);
    const files = await registries.getChildren(attestation);
    const rows = await texts(registries, attestation);
    assert.equal(rows[0], 'Built by example.com/demo-builder | as stated by the builder');
    assert.equal(rows[1], 'Manifest');
    const statement = await registries.getTreeItem(files[2] as TreeNode);
    const [uri] = (statement.command?.arguments ?? []) as [vscode.Uri];
    const document = await vscode.workspace.openTextDocument(uri);
    assert.match(document.getText(), /"predicateType": "https:\/\/slsa\.dev/);
  });

  it('says that nothing is attached, and hides tags that only hold attachments', async () => {
    const { registries } = fixture.trees;
    const built = image({ layers: [layer([file('a', 'a')])] });
    fixture.demo.store.put('demo/plain', built, 'latest');
    fixture.demo.store.put('demo/signed', built, 'latest');
    const signature = image({ layers: [layer([file('s', 's')])] });
    fixture.demo.store.put('demo/signed', signature, `${built.digest.replace(':', '-')}.sig`);
    const repository = await find(registries, fixture.demo.host, 'demo/signed');
    assert.deepEqual(await texts(registries, repository), ['latest']);
    const attached = await find(registries, fixture.demo.host, 'demo/signed', 'latest', 'Attached');
    assert.match((await texts(registries, attached)).join(), /^Signature/);
    const plain = await find(registries, fixture.demo.host, 'demo/plain', 'latest', 'Attached');
    assert.deepEqual(await texts(registries, plain), ['Nothing is attached']);
  });

  it('shows a name that is not valid in references, and the host that is', async () => {
    const value = [{ url: fixture.demo.url, name: 'Company mirror' }];
    await vscode.workspace.getConfiguration('peel').update('registries', value, vscode.ConfigurationTarget.Global);
    const { registries } = fixture.trees;
    assert.equal((await texts(registries))[0], `Company mirror | ${fixture.demo.host}`);
    const tag = await find(registries, 'Company mirror', 'demo/hello', '2.0.0');
    assert.equal(tag.argument.reference, `${fixture.demo.host}/demo/hello:2.0.0`);
  });

  it('has a row for Docker Hub without sending a request', async () => {
    await fixture.list({ url: 'https://registry-1.docker.io' });
    const { registries, needs } = fixture.trees;
    assert.deepEqual(
      (await texts(registries, await find(registries, 'docker.io'))).slice(0, 2),
      ['library/busybox', 'library/alpine'],
      'something to begin with',
    );
    await needs.registries.pin('docker.io', 'library/busybox');
    assert.ok(!(await texts(registries)).includes('Open Image…'), 'the user knows how to open an image');
    const hub = await find(registries, 'docker.io');
    assert.deepEqual(await texts(registries, hub), ['library/busybox', 'Search Docker Hub…']);
  });

  it('shows text from a registry literally', async () => {
    const { registries } = fixture.trees;
    const hostile = '[click](command:peel.removeImage) <img src=x> $(trash) \u202egnp.exe\n\n# heading';
    fixture.demo.store.put(
      'demo/hostile',
      image({ layers: [layer([file('a', 'a')], { createdBy: hostile })] }),
      'latest',
    );
    const row = await find(registries, fixture.demo.host, 'demo/hostile', 'latest', 'Layers', /^1 · |^Layer 1/);
    const item = await registries.getTreeItem(row);
    assert.doesNotMatch(String(item.description), /[\u202e\n]/);
    const { tooltip } = item;
    assert.ok(tooltip instanceof vscode.MarkdownString);
    assert.equal(tooltip.isTrusted, false);
    assert.ok(!tooltip.supportHtml && !tooltip.supportThemeIcons);
    const outside = tooltip.value.replaceAll(/(`{3,})[^]*?\1/g, '');
    assert.doesNotMatch(outside, /\]\(command:/);
  });

  it('gives every row a unique id that is stable across reloads', async () => {
    const native = `${NATIVE.os}/${NATIVE.architecture}`;
    const idsOf = async (tree: NodeTree): Promise<(string | undefined)[]> => {
      const rows = await tree.getChildren();
      const hello = await find(tree, fixture.demo.host, 'demo/hello');
      const tag = await find(tree, fixture.demo.host, 'demo/hello', '2.0.0');
      const platform = await find(tree, fixture.demo.host, 'demo/hello', '2.0.0', native);
      const layers = await find(tree, fixture.demo.host, 'demo/hello', '2.0.0', native, 'Layers');
      for (const node of [hello, tag, platform, layers]) rows.push(...(await tree.getChildren(node)));
      return Promise.all(rows.map(async row => (await tree.getTreeItem(row)).id));
    };
    const ids = await idsOf(fixture.trees.registries);
    assert.equal(new Set(ids).size, ids.length);
    assert.ok(!ids.includes(undefined));
    const again = makeTrees();
    try {
      assert.deepEqual(await idsOf(again.registries), ids);
    } finally {
      await again.dispose();
    }
  });
});
