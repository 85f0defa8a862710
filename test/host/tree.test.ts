import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { parseReference } from '../../src/oci/reference.ts';
import { LoadMoreNode } from '../../src/vscode/tree/loadMoreNode.ts';
import type { NodeTree } from '../../src/vscode/tree/nodeTree.ts';
import { isFiltered, type TreeNode } from '../../src/vscode/tree/treeNode.ts';
import { fillDemo } from '../support/demoImage.ts';
import { NATIVE } from '../support/demoBase.ts';
import { image, layer } from '../support/image.ts';
import { headers, status } from '../support/registry/faults.ts';
import { startRegistry, type Registry, type RegistryOptions } from '../support/registry/registry.ts';
import { file } from '../support/tar.ts';
import { find, makeTrees, texts, textOf, type Trees } from './trees.ts';

describe('the Registries tree', () => {
  let demo: Registry;
  let trees: Trees;
  const started: Registry[] = [];

  before(async () => {
    demo = await startRegistry();
    fillDemo(demo);
  });
  beforeEach(async () => {
    await list(demo);
    trees = makeTrees();
  });
  afterEach(async () => {
    await trees.dispose();
    await Promise.all(started.splice(0).map(registry => registry.close()));
  });
  after(async () => {
    await demo.close();
    await list();
  });

  /** Sets the registries; none = the defaults. */
  async function list(...registries: readonly { readonly url: string }[]): Promise<void> {
    const value = registries.length > 0 ? registries.map(({ url }) => ({ url })) : undefined;
    await vscode.workspace.getConfiguration('peel').update('registries', value, vscode.ConfigurationTarget.Global);
  }

  async function start(options: RegistryOptions): Promise<Registry> {
    const registry = await startRegistry(options);
    started.push(registry);
    await list(registry);
    return registry;
  }

  it('expands from the registry to repositories, tags, platforms and layers', async () => {
    const { registries } = trees;
    assert.deepEqual(await texts(registries), [demo.host]);
    const repositories = await texts(registries, await find(registries, demo.host));
    assert.deepEqual(repositories, ['demo/hello', 'demo/nightly', 'demo/notes', 'library/busybox']);
    const hello = await find(registries, demo.host, 'demo/hello');
    const tags = await texts(registries, hello);
    assert.equal(tags[0], 'latest');
    assert.ok(tags.indexOf('1.10.0') < tags.indexOf('1.2.0'), 'newest version first');
    assert.equal(await textOf(registries, hello), `demo/hello | ${tags.length} tags`);
    const tag = await find(registries, demo.host, 'demo/hello', '2.0.0');
    const rows = await texts(registries, tag);
    assert.equal(await textOf(registries, tag), '2.0.0 | 2 platforms');
    const native = `${NATIVE.os}/${NATIVE.architecture}`;
    assert.ok(
      rows.some(row => row.startsWith(native)),
      rows.join(),
    );
    const platform = await find(registries, demo.host, 'demo/hello', '2.0.0', native);
    assert.deepEqual(await texts(registries, platform), ['Manifest', 'Config', 'Layers', 'Files', 'Attached']);
    const layers = await find(registries, demo.host, 'demo/hello', '2.0.0', native, 'Layers');
    const shown = await texts(registries, layers);
    assert.equal(shown.length, 5);
    assert.match(shown[1] ?? '', /^Layer 2 \| [\d.]+ k?B · COPY app \/app$/);
    assert.match(shown[2] ?? '', /^Layer 3 \| [\d.]+ k?B · RUN make-assets && make-data$/);
    assert.match(await textOf(registries, layers), /^Layers \| 5 layers · /);
  });

  it('gives each row an argument that commands accept', async () => {
    const { registries } = trees;
    const native = `${NATIVE.os}/${NATIVE.architecture}`;
    const platform = await find(registries, demo.host, 'demo/hello', '2.0.0', native);
    assert.equal(platform.argument.reference, `${demo.host}/demo/hello:2.0.0`);
    assert.equal(platform.argument.platform, native);
    const row = await find(registries, demo.host, 'demo/hello', '2.0.0', native, 'Layers', 'Layer 2');
    assert.equal(row.argument.layer, 2);
    assert.match(row.argument.digest ?? '', /^sha256:/);
    const config = await find(registries, demo.host, 'demo/hello', '2.0.0', native, 'Config');
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
    const { registries } = trees;
    const tag = await find(registries, demo.host, 'demo/hello', '2.0.0');
    await registries.getChildren(tag);
    for (let attempt = 0; attempt < 100; attempt += 1) {
      const [first, second] = await texts(registries, tag);
      if (/\| [\d.]+ [kM]B$/.test(first ?? '') && /\| [\d.]+ [kM]B$/.test(second ?? '')) return;
      await new Promise(resolve => setTimeout(resolve, 50));
    }
    assert.fail(`no sizes in ${(await texts(registries, tag)).join(', ')}`);
  });

  it('shows schema 1 images, images without platforms, and artifacts as such', async () => {
    const { registries } = trees;
    const old = await find(registries, demo.host, 'library/busybox', 'v1');
    assert.deepEqual(await texts(registries, old), ['Manifest', 'Config', 'Layers', 'Files', 'Attached']);
    assert.match(await textOf(registries, old), /^v1 \| .* · schema 1$/);
    const layers = await texts(registries, await find(registries, demo.host, 'library/busybox', 'v1', 'Layers'));
    assert.equal(layers.length, 1);
    assert.match(layers[0] ?? '', /^Layer 1 \| [\d.]+ [kM]B/, 'the registry told the size that schema 1 does not');
    const single = await find(registries, demo.host, 'demo/hello', 'single');
    assert.deepEqual(await texts(registries, single), ['Manifest', 'Config', 'Layers', 'Files', 'Attached']);
    const notes = await find(registries, demo.host, 'demo/notes', 'latest');
    assert.deepEqual(
      (await texts(registries, notes)).map(text => text.split(' | ')[0]),
      ['Manifest', 'notes.md', 'numbers.csv'],
    );
    assert.equal((await registries.getTreeItem(notes)).contextValue, 'peel.artifact');
    const csv = await find(registries, demo.host, 'demo/notes', 'latest', 'numbers.csv');
    assert.equal((await registries.getTreeItem(csv)).contextValue, 'peel.file');
    assert.deepEqual([csv.argument.reference, csv.argument.layer], [`${demo.host}/demo/notes:latest`, 2]);
  });

  it('shows attachments: referrers, and attestations of the index', async () => {
    const { registries } = trees;
    const native = `${NATIVE.os}/${NATIVE.architecture}`;
    const attached = await find(registries, demo.host, 'demo/hello', '2.0.0', native, 'Attached');
    const names = (await texts(registries, attached)).map(text => text.split(' | ')[0]);
    assert.deepEqual(names, ['Attestation', 'SBOM (SPDX)']);
    const [attestation] = await registries.getChildren(attached);
    const files = await registries.getChildren(attestation);
    assert.equal(await textOf(registries, files[0] as TreeNode), 'Manifest');
    const statement = await registries.getTreeItem(files[1] as TreeNode);
    const [uri] = (statement.command?.arguments ?? []) as [vscode.Uri];
    const document = await vscode.workspace.openTextDocument(uri);
    assert.match(document.getText(), /"predicateType": "https:\/\/slsa\.dev/);
  });

  it('says that nothing is attached, and hides tags that only hold attachments', async () => {
    const { registries } = trees;
    const built = image({ layers: [layer([file('a', 'a')])] });
    demo.store.put('demo/plain', built, 'latest');
    demo.store.put('demo/signed', built, 'latest');
    const signature = image({ layers: [layer([file('s', 's')])] });
    demo.store.put('demo/signed', signature, `${built.digest.replace(':', '-')}.sig`);
    const repository = await find(registries, demo.host, 'demo/signed');
    assert.deepEqual(await texts(registries, repository), ['latest']);
    const attached = await find(registries, demo.host, 'demo/signed', 'latest', 'Attached');
    assert.match((await texts(registries, attached)).join(), /^Signature/);
    const plain = await find(registries, demo.host, 'demo/plain', 'latest', 'Attached');
    assert.deepEqual(await texts(registries, plain), ['Nothing is attached']);
  });

  it('loads long lists in parts', async () => {
    const paged = await start({ store: demo.store, pageSize: 2 });
    const { registries } = trees;
    const registry = await find(registries, paged.host);
    assert.equal((await texts(registries, registry)).at(-1), 'Load more… | 2 repositories so far');
    await loadMore(registries, registry);
    assert.equal((await texts(registries, registry)).at(-1), 'Load more… | 4 repositories so far');
    while ((await registries.getChildren(registry)).at(-1) instanceof LoadMoreNode)
      await loadMore(registries, registry);
    assert.deepEqual(await texts(registries, registry), demo.store.repositories());
    registries.refresh(registry);
    assert.equal((await texts(registries, registry)).length, 3, 'a refresh begins anew');
  });

  it('shows two hundred of many tags, newest first, and then the others', async () => {
    const { registries } = trees;
    demo.store.put(
      'demo/many',
      image({ layers: [layer([file('a', 'a')])] }),
      ...Array.from({ length: 450 }, (_, at) => `1.${at}`),
    );
    const repository = await find(registries, demo.host, 'demo/many');
    const first = await texts(registries, repository);
    assert.equal(first.length, 201);
    assert.equal(first[0], '1.449');
    assert.equal(first.at(-1), 'Load more… | 200 of 450 tags');
    await loadMore(registries, repository);
    await loadMore(registries, repository);
    const all = await texts(registries, repository);
    assert.equal(all.length, 450);
    assert.equal(all.at(-1), '1.0');
  });

  it('loads further tags on demand if the registry returns short pages', async () => {
    const paged = await start({ store: demo.store, pageSize: 7 });
    const { registries } = trees;
    const repository = await find(registries, paged.host, 'demo/nightly');
    const asked = (): number => paged.requests.filter(({ path }) => path.endsWith('/tags/list')).length;
    const first = await texts(registries, repository);
    assert.equal(first.at(-1), 'Load more… | 70 tags so far');
    assert.equal(asked(), 10);
    assert.equal(await textOf(registries, repository), 'demo/nightly | 70 tags so far');
    const fault = paged.fault({ path: '/tags/list', times: 1 }, status(418));
    await loadMore(registries, repository);
    const failed = await texts(registries, repository);
    assert.match(failed.at(-1) ?? '', /answered 418/i, failed.at(-1));
    assert.equal(failed.length, 72, 'what was read stays');
    fault.remove();
    const more = (await registries.getChildren(repository)).at(-2);
    assert.ok(more instanceof LoadMoreNode);
    await more.load(() => undefined);
    const all = await texts(registries, repository);
    assert.equal(all.length, 121);
    assert.deepEqual(all.slice(0, 2), ['latest', '2024-04-29'], 'newest first among all that is known');
  });

  it('shows a name that is not valid in references, and the host that is', async () => {
    const value = [{ url: demo.url, name: 'Company mirror' }];
    await vscode.workspace.getConfiguration('peel').update('registries', value, vscode.ConfigurationTarget.Global);
    const { registries } = trees;
    assert.deepEqual(await texts(registries), [`Company mirror | ${demo.host}`]);
    const tag = await find(registries, 'Company mirror', 'demo/hello', '2.0.0');
    assert.equal(tag.argument.reference, `${demo.host}/demo/hello:2.0.0`);
  });

  it("shows the remaining pulls in the registry's row and in the refusal", async () => {
    const told = { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '76;w=21600' };
    const limited = await start({ store: demo.store });
    limited.fault({ path: '/manifests/' }, headers(told));
    const { registries, changes } = trees;
    const row = await find(registries, limited.host);
    assert.doesNotMatch(await textOf(registries, row), /pulls/);
    await registries.getChildren(await find(registries, limited.host, 'demo/hello', '2.0.0'));
    assert.equal(await textOf(registries, row), `${limited.host} | 76 of 100 pulls left per 6 hours`);
    assert.ok(changes.includes(row), 'the row was said to have changed');
    limited.faults.clear();
    limited.fault(
      { path: '/manifests/' },
      status(429, { ...told, 'ratelimit-remaining': '0;w=21600', 'retry-after': '3600' }, 'TOOMANYREQUESTS'),
    );
    registries.refresh();
    const [failure] = await registries.getChildren(await find(registries, limited.host, 'demo/hello', '1.0.0'));
    assert.ok(failure);
    const item = await registries.getTreeItem(failure);
    assert.ok(typeof item.tooltip === 'string');
    assert.match(item.tooltip, /0 of 100 pulls left per 6 hours.*Try again in 3600 seconds/);
    assert.equal(item.command?.command, 'peel.retry', 'a click tries again');
    assert.match(item.contextValue ?? '', /\+signIn/, 'and a button signs in');
  });

  it('narrows a list by a filter, and says so', async () => {
    const { registries } = trees;
    const repository = await find(registries, demo.host, 'demo/hello');
    assert.ok(isFiltered(repository));
    repository.filter = '1.';
    assert.deepEqual(await texts(registries, repository), ['1.10.0', '1.2.0', '1.1.0', '1.0.0']);
    assert.match(await textOf(registries, repository), /^demo\/hello \| filter: 1\. · /);
    assert.match((await registries.getTreeItem(repository)).contextValue ?? '', /\+filtered/);
    repository.filter = 'nothing like it';
    assert.deepEqual(await texts(registries, repository), ['No tag passes the filter']);
  });

  it('shows a failure as a row with a remedy, and recovers', async () => {
    const failing = await start({ store: demo.store });
    const fault = failing.fault({ path: /_catalog/ }, status(418));
    const { registries } = trees;
    const registry = await find(registries, failing.host);
    const [row] = await registries.getChildren(registry);
    assert.ok(row);
    const item = await registries.getTreeItem(row);
    assert.match(item.contextValue ?? '', /^peel\.failure/);
    assert.match(await textOf(registries, row), /^Answered 418/);
    assert.equal(item.command?.command, 'peel.retry');
    fault.remove();
    registries.refresh(registry);
    assert.ok((await texts(registries, registry)).includes('demo/hello'));
  });

  it('asks to sign in if a list needs an account', async () => {
    const closed = await start({
      store: demo.store,
      access: { scheme: 'basic', users: { alice: 's3cret' } },
    });
    const { registries } = trees;
    const registry = await find(registries, closed.host);
    const [row] = await registries.getChildren(registry);
    assert.ok(row);
    const item = await registries.getTreeItem(row);
    assert.match(item.contextValue ?? '', /^peel\.failure.*\+signIn/);
    assert.equal(item.command?.command, 'peel.signIn');
    assert.equal(row.argument.registry, closed.host);
  });

  it('keeps opened repositories if a registry lists none', async () => {
    const silent = await start({ store: demo.store, catalog: false });
    const { registries, needs, registriesRoot } = trees;
    await needs.registries.pin(silent.host, 'demo/hello');
    const registry = await find(registries, silent.host);
    const rows = await texts(registries, registry);
    assert.equal(rows[0], 'demo/hello');
    assert.match(rows[1] ?? '', /^Asks for an account/, 'an account may see more');
    const pinned = await find(registries, silent.host, 'demo/hello');
    assert.match((await registries.getTreeItem(pinned)).contextValue ?? '', /\+pinned/);
    const reference = parseReference(`${silent.host}/library/busybox:latest`);
    const shown = registriesRoot.show(reference.registry).show(reference.repository).show(reference);
    assert.ok((await texts(registries, registry)).includes('library/busybox'));
    assert.equal(registries.getParent(registries.getParent(shown) as TreeNode), registry);
    silent.fault({ path: /_catalog/ }, status(404));
    registries.refresh(registry);
    assert.deepEqual(await texts(registries, registry), [
      'demo/hello',
      'library/busybox',
      'This registry lists no repositories | pin one with Open Image…',
    ]);
    const why = await registries.getTreeItem(
      await find(registries, silent.host, 'This registry lists no repositories'),
    );
    assert.match(why.tooltip as string, /gives no list of its repositories/);
    assert.equal(why.command?.command, 'peel.openImage', 'a click opens an image by its name');
  });

  it('has a row for Docker Hub without sending a request', async () => {
    await list({ url: 'https://registry-1.docker.io' });
    const { registries, needs } = trees;
    await needs.registries.pin('docker.io', 'library/busybox');
    const hub = await find(registries, 'docker.io');
    assert.deepEqual(await texts(registries, hub), ['library/busybox', 'Search Docker Hub…']);
  });

  it('shows text from a registry literally', async () => {
    const { registries } = trees;
    const hostile = '[click](command:peel.removeImage) <img src=x> $(trash) \u202egnp.exe\n\n# heading';
    demo.store.put('demo/hostile', image({ layers: [layer([file('a', 'a')], { createdBy: hostile })] }), 'latest');
    const row = await find(registries, demo.host, 'demo/hostile', 'latest', 'Layers', 'Layer 1');
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
      const hello = await find(tree, demo.host, 'demo/hello');
      const tag = await find(tree, demo.host, 'demo/hello', '2.0.0');
      const platform = await find(tree, demo.host, 'demo/hello', '2.0.0', native);
      const layers = await find(tree, demo.host, 'demo/hello', '2.0.0', native, 'Layers');
      for (const node of [hello, tag, platform, layers]) rows.push(...(await tree.getChildren(node)));
      return Promise.all(rows.map(async row => (await tree.getTreeItem(row)).id));
    };
    const ids = await idsOf(trees.registries);
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

async function loadMore(tree: NodeTree, node: TreeNode): Promise<void> {
  const more = (await tree.getChildren(node)).at(-1);
  assert.ok(more instanceof LoadMoreNode, 'the list goes on');
  await more.load(() => undefined);
}
