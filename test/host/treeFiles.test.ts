import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { image, layer, type BuiltLayer } from '../support/image.ts';
import { corrupt, drip, pauseAt } from '../support/registry/faults.ts';
import { startRegistry, type Registry } from '../support/registry/registry.ts';
import { directory, file, symlink, whiteout } from '../support/tar.ts';
import { FileNode } from '../../src/vscode/filesView/fileNode.ts';
import { isFiltered } from '../../src/vscode/tree/treeNode.ts';
import { ReadingNode } from '../../src/vscode/filesView/readingNode.ts';
import { FailureNode } from '../../src/vscode/tree/failureNode.ts';
import type { TreeNode } from '../../src/vscode/tree/treeNode.ts';
import { find, makeTrees, textOf, texts, type Trees } from './trees.ts';

describe('files in the Registries tree', () => {
  let registry: Registry;
  let trees: Trees;

  before(async () => {
    registry = await startRegistry();
    const many = Array.from({ length: 1200 }, (_, at) => file(`many/f${at}`, ''));
    const base = layer([
      directory('etc/'),
      file('etc/motd', 'from the base\n'),
      file('etc/gone', 'x'),
      directory('many/'),
      ...many,
      symlink('bin', 'usr/bin'),
      directory('usr/bin/'),
      file('usr/bin/tool', 'tool'),
      symlink('usr/bin/again', '/bin'),
      symlink('nowhere', 'no/such'),
    ]);
    const top = layer([file('etc/motd', 'from the top\n'), whiteout('etc/gone'), file('etc/new', '12345')]);
    registry.store.put('demo/files', image({ layers: [base, top] }), 'latest');
    await vscode.workspace
      .getConfiguration('peel')
      .update('registries', [{ url: registry.url }], vscode.ConfigurationTarget.Global);
    trees = makeTrees();
  });
  after(async () => {
    await vscode.workspace.getConfiguration('peel').update('registries', undefined, vscode.ConfigurationTarget.Global);
    await trees.dispose();
    await registry.close();
  });

  const below = (...labels: readonly (string | RegExp)[]): ReturnType<typeof find> =>
    find(trees.registries, registry.host, 'demo/files', 'latest', ...labels);

  it('are shown merged, folders first, and links are followed', async () => {
    const { registries } = trees;
    assert.deepEqual(await texts(registries, await below('Files')), [
      'etc',
      'many',
      'usr',
      'bin | → usr/bin',
      'nowhere | → no/such · leads to nothing here',
    ]);
    assert.deepEqual(await texts(registries, await below('Files', 'etc')), ['motd | 13 B', 'new | 5 B']);
    assert.deepEqual(await texts(registries, await below('Files', 'bin')), ['again | → /bin', 'tool | 4 B']);
    const circle = await below('Files', 'bin', 'again', 'again', 'tool');
    assert.equal(circle.argument.path, 'usr/bin/tool');
    const item = await registries.getTreeItem(circle);
    assert.equal(item.command?.command, 'vscode.open');
  });

  it('show what a layer adds, changes and deletes', async () => {
    const { registries } = trees;
    assert.deepEqual(await texts(registries, await below('Layers', /^2 · |^Layer 2$/)), ['etc']);
    assert.deepEqual(await texts(registries, await below('Layers', /^2 · |^Layer 2$/, 'etc')), [
      'gone | 1 B · deleted',
      'motd | 13 B · changed',
      'new | 5 B · added',
    ]);
    const gone = await registries.getTreeItem(await below('Layers', /^2 · |^Layer 2$/, 'etc', 'gone'));
    assert.equal(gone.resourceUri?.query, 'deleted', 'which colours the row');
    const uri: unknown = gone.command?.arguments?.[0];
    assert.ok(uri instanceof vscode.Uri);
    assert.equal((await vscode.workspace.openTextDocument(uri)).getText(), 'x', 'what was deleted opens as it was');
  });

  it('load a huge folder in parts, and can be filtered', async () => {
    const { registries } = trees;
    const folder = await below('Files', 'many');
    const rows = await texts(registries, folder);
    assert.deepEqual([rows.length, rows.at(-1), rows[10]], [501, 'Load more…', 'f10 | 0 B']);
    assert.ok(isFiltered(folder) && folder instanceof FileNode);
    await folder.loadMore();
    assert.equal((await registries.getChildren(folder)).length, 1001);
    folder.filter = 'f119';
    assert.deepEqual((await texts(registries, folder)).length, 11);
  });
});

describe('files in the tree while their layer is being read', () => {
  let registry: Registry;
  let trees: Trees;
  let top: BuiltLayer;

  before(async () => {
    registry = await startRegistry();
    await vscode.workspace
      .getConfiguration('peel')
      .update('registries', [{ url: registry.url }], vscode.ConfigurationTarget.Global);
  });
  // Each test reads a layer that no other test has read.
  beforeEach(() => {
    const base = layer([directory('etc/'), file('etc/motd', 'from the base'), file('noise', randomBytes(1000))]);
    top = layer([
      directory('early/'),
      file('early/first', '1234'),
      file('early/noise', randomBytes(400_000)),
      file('etc/motd', 'from the top'),
      file('last', 'at the end'),
    ]);
    registry.store.put('demo/slow', image({ layers: [base, top] }), 'latest');
    trees = makeTrees();
  });
  afterEach(async () => {
    registry.faults.clear();
    await trees.dispose();
  });
  after(async () => {
    await vscode.workspace.getConfiguration('peel').update('registries', undefined, vscode.ConfigurationTarget.Global);
    await registry.close();
  });

  const below = (...labels: readonly (string | RegExp)[]): ReturnType<typeof find> =>
    find(trees.registries, registry.host, 'demo/slow', 'latest', ...labels);

  /** Returns the rows below a row as they are now. */
  const textsNow = async (node: TreeNode): Promise<string[]> => {
    const rows = await trees.registries.getChildren(node);
    return Promise.all(rows.map(row => textOf(trees.registries, row)));
  };

  /** Waits until the rows below a row match, and returns them. */
  async function rowsLike(node: TreeNode, fits: (rows: readonly string[]) => boolean): Promise<string[]> {
    for (let tries = 0; ; tries++) {
      const rows = await textsNow(node);
      if (fits(rows)) return rows;
      assert.ok(tries < 400, `The rows are: ${rows.join(', ')}`);
      await new Promise(resolve => setTimeout(resolve, 25));
    }
  }
  const readingRow = async (node: TreeNode): Promise<TreeNode | undefined> =>
    (await trees.registries.getChildren(node)).find(row => row instanceof ReadingNode);

  for (const [name, where] of [
    ['a layer', ['Layers', /^2 · |^Layer 2$/]],
    ['all layers merged', ['Files']],
  ] as const) {
    it(`appear for ${name} as they are found, and keep their rows when reading is complete`, async () => {
      const goOn = Promise.withResolvers<void>();
      registry.fault(
        { path: top.digest, method: 'GET' },
        pauseAt(200_000, () => goOn.promise),
      );
      const node = await below(...where);
      const early = await rowsLike(node, rows => rows.includes('early'));
      assert.match(early[0] ?? '', /^Reading… \d+ % \| \d+ entries so far$/);
      assert.ok(!early.some(row => row.startsWith('last')), early.join());
      const folder = (await trees.registries.getChildren(node)).find(row => row.argument.path === 'early');
      assert.ok(folder);
      assert.ok(
        (await textsNow(folder)).includes('first | 4 B'),
        'without a mark, for nothing is known of the layers below',
      );
      trees.changes.length = 0;
      goOn.resolve();
      const rows = await rowsLike(node, all => !all[0]?.startsWith('Reading'));
      assert.ok(trees.changes.includes(node), 'the tree is notified of the end');
      assert.deepEqual(
        rows,
        where[0] === 'Files'
          ? ['early', 'etc', 'last | 10 B', 'noise | 1.0 kB']
          : ['early | added', 'etc', 'last | 10 B · added'],
      );
      assert.ok((await trees.registries.getChildren(node)).includes(folder), 'an open row stays the same row');
      const mark = where[0] === 'Files' ? '' : ' · added';
      assert.deepEqual(await texts(trees.registries, folder), [`first | 4 B${mark}`, `noise | 400 kB${mark}`]);
      const goneOn = trees.changes.length;
      await texts(trees.registries, node);
      assert.equal(trees.changes.length, goneOn, 'nothing changes any more');
    });
  }

  it('disappear if they were not verified, with the reason', async () => {
    registry.fault({ path: top.digest, method: 'GET' }, corrupt());
    registry.fault({ path: top.digest, method: 'GET' }, drip(10_000, 25));
    const node = await below('Layers', /^2 · |^Layer 2$/);
    await rowsLike(node, rows => rows.includes('early'));
    const rows = await rowsLike(node, all => !all[0]?.startsWith('Reading'));
    assert.equal(rows.length, 1, rows.join());
    assert.match(rows[0] ?? '', /digest/);
    assert.deepEqual(await texts(trees.registries, node), rows, 'it stays a failure until a retry');
    registry.faults.clear();
    const [failure] = await trees.registries.getChildren(node);
    assert.ok(failure instanceof FailureNode);
    failure.retry();
    await rowsLike(node, all => all.includes('last | 10 B · added'));
  });

  it('stop when asked to, and continue later', async () => {
    registry.fault(
      { path: top.digest, method: 'GET', times: 1 },
      pauseAt(200_000, () => new Promise(() => undefined)),
    );
    const node = await below('Layers', /^2 · |^Layer 2$/);
    const reading = await readingRow(node);
    assert.ok(reading instanceof ReadingNode);
    await rowsLike(node, rows => rows.includes('early'));
    // A caller that arrives during a pause still gets what is known.
    const merged = await below('Files');
    assert.ok((await textsNow(merged)).includes('early'));
    trees.registries.refresh(merged);
    reading.stop();
    const rows = await rowsLike(node, all => all[0]?.startsWith('Reading was stopped') === true);
    assert.deepEqual(rows, ['Reading was stopped. Try again to continue from there.']);
    trees.registries.refresh(node);
    await rowsLike(node, all => all.includes('last | 10 B · added'));
  });
});
