import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { parseReference } from '../../src/oci/reference.ts';
import { LoadMoreNode } from '../../src/vscode/tree/loadMoreNode.ts';
import type { NodeTree } from '../../src/vscode/tree/nodeTree.ts';
import { isFiltered, type TreeNode } from '../../src/vscode/tree/treeNode.ts';
import { image, layer } from '../support/image.ts';
import { headers, status } from '../support/registry/faults.ts';
import { file } from '../support/tar.ts';
import { DemoTrees } from './demoTrees.ts';
import { find, texts, textOf } from './trees.ts';

describe('lists in the Registries tree', () => {
  const fixture = new DemoTrees();

  it('loads long lists in parts', async () => {
    fixture.demo.store.put('demo/further', image({ layers: [layer([file('a', 'a')])] }), 'latest');
    const paged = await fixture.start({ store: fixture.demo.store, pageSize: 2 });
    const { registries } = fixture.trees;
    const registry = await find(registries, paged.host);
    assert.equal((await texts(registries, registry)).at(-1), 'Load more… | 2 repositories so far');
    await loadMore(registries, registry);
    assert.equal((await texts(registries, registry)).at(-1), 'Load more… | 4 repositories so far');
    while ((await registries.getChildren(registry)).at(-1) instanceof LoadMoreNode)
      await loadMore(registries, registry);
    assert.deepEqual(await texts(registries, registry), fixture.demo.store.repositories());
    registries.refresh(registry);
    assert.equal((await texts(registries, registry)).length, 3, 'a refresh starts over');
  });

  it('shows two hundred of many tags, newest first, and then the others', async () => {
    const { registries } = fixture.trees;
    fixture.demo.store.put(
      'demo/many',
      image({ layers: [layer([file('a', 'a')])] }),
      ...Array.from({ length: 450 }, (_, at) => `1.${at}`),
    );
    const repository = await find(registries, fixture.demo.host, 'demo/many');
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
    const paged = await fixture.start({ store: fixture.demo.store, pageSize: 7 });
    const { registries } = fixture.trees;
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

  it("shows the remaining pulls in the registry's row and in the refusal", async () => {
    const limits = { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '76;w=21600' };
    const limited = await fixture.start({ store: fixture.demo.store });
    limited.fault({ path: '/manifests/' }, headers(limits));
    const { registries, changes } = fixture.trees;
    const row = await find(registries, limited.host);
    assert.doesNotMatch(await textOf(registries, row), /pulls/);
    await registries.getChildren(await find(registries, limited.host, 'demo/hello', '2.0.0'));
    assert.equal(await textOf(registries, row), `${limited.host} | 76 of 100 pulls left per 6 hours`);
    assert.ok(changes.includes(row), 'the row was said to have changed');
    limited.faults.clear();
    limited.fault(
      { path: '/manifests/' },
      status(429, { ...limits, 'ratelimit-remaining': '0;w=21600', 'retry-after': '3600' }, 'TOOMANYREQUESTS'),
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
    const { registries } = fixture.trees;
    const repository = await find(registries, fixture.demo.host, 'demo/hello');
    assert.ok(isFiltered(repository));
    repository.filter = '1.';
    assert.deepEqual(await texts(registries, repository), ['1.10.0', '1.2.0', '1.1.0', '1.0.0']);
    assert.match(await textOf(registries, repository), /^demo\/hello \| \d of \d+ tags · 1\.$/);
    assert.match((await registries.getTreeItem(repository)).contextValue ?? '', /\+filtered/);
    repository.filter = 'nothing like it';
    assert.deepEqual(await texts(registries, repository), ['No matches']);
  });

  it('shows a failure as a row with a remedy, and recovers', async () => {
    const failing = await fixture.start({ store: fixture.demo.store });
    const fault = failing.fault({ path: /_catalog/ }, status(418));
    const { registries } = fixture.trees;
    const registry = await find(registries, failing.host);
    const [row] = await registries.getChildren(registry);
    assert.ok(row);
    const item = await registries.getTreeItem(row);
    assert.match(item.contextValue ?? '', /^peel\.failure/);
    assert.match(await textOf(registries, row), /^Error 418 \| Answered 418/);
    assert.equal(item.command?.command, 'peel.retry');
    fault.remove();
    registries.refresh(registry);
    assert.ok((await texts(registries, registry)).includes('demo/hello'));
  });

  it('asks to sign in if a list needs an account', async () => {
    const closed = await fixture.start({
      store: fixture.demo.store,
      access: { scheme: 'basic', users: { alice: 's3cret' } },
    });
    const { registries } = fixture.trees;
    const registry = await find(registries, closed.host);
    const [row] = await registries.getChildren(registry);
    assert.ok(row);
    const item = await registries.getTreeItem(row);
    assert.match(item.contextValue ?? '', /^peel\.failure.*\+signIn/);
    assert.equal(item.command?.command, 'peel.signIn');
    assert.equal(row.argument.registry, closed.host);
  });

  it('keeps opened repositories if a registry lists none', async () => {
    const silent = await fixture.start({ store: fixture.demo.store, catalog: false });
    const { registries, needs, registriesRoot } = fixture.trees;
    await needs.registries.pin(silent.host, 'demo/hello');
    const registry = await find(registries, silent.host);
    const rows = await texts(registries, registry);
    assert.equal(rows[0], 'demo/hello');
    assert.match(rows[1] ?? '', /^Sign-in required \| Asks for an account/, 'an account may see more');
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
      "This registry can't list repositories | open an image by name",
    ]);
    const why = await registries.getTreeItem(
      await find(registries, silent.host, "This registry can't list repositories"),
    );
    assert.match(why.tooltip as string, /gives no list of its repositories/);
    assert.equal(why.command?.command, 'peel.openImage', 'a click opens an image by its name');
  });
});

async function loadMore(tree: NodeTree, node: TreeNode): Promise<void> {
  const more = (await tree.getChildren(node)).at(-1);
  assert.ok(more instanceof LoadMoreNode, 'the list goes on');
  await more.load(() => undefined);
}
