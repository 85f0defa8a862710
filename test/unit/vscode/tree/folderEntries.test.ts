import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FolderEntries, type FolderEntry } from '../../../../src/vscode/tree/folderEntries.ts';

function file(name: string): FolderEntry {
  return { name, isFolder: false };
}

test('shows folders first, then files in natural order, and only those that pass the filter', async () => {
  let listed = 0;
  const entries = new FolderEntries(async () => {
    listed += 1;
    return { items: [file('b10'), file('b9'), { name: 'z', isFolder: true }] };
  });
  const names = async (): Promise<string[]> => (await entries.shown()).items.map(({ name }) => name);
  assert.deepEqual(await names(), ['z', 'b9', 'b10']);
  await names();
  assert.equal(listed, 1, 'a complete list is kept');
  entries.filter = 'B 1';
  assert.deepEqual(await names(), ['b10']);
  entries.reset();
  assert.deepEqual(await names(), ['b10']);
  assert.equal(listed, 3);
});

test('shows a huge folder in chunks', async () => {
  const items = Array.from({ length: 1_200 }, (_, number) => file(`file${number}`));
  const entries = new FolderEntries(async () => ({ items }));
  const seen: [count: number, last: string | undefined, hasMore: boolean][] = [];
  for (let chunk = 0; chunk < 3; chunk += 1) {
    const { items: shown, hasMore } = await entries.shown();
    seen.push([shown.length, shown.at(-1)?.name, hasMore]);
    entries.more();
  }
  assert.deepEqual(seen, [
    [500, 'file499', true],
    [1_000, 'file999', true],
    [1_200, 'file1199', false],
  ]);
});

test('lists again while entries are still being found', async () => {
  const found = [file('a')];
  const entries = new FolderEntries<FolderEntry, string>(async () => ({ items: [...found], reading: 'half' }));
  assert.deepEqual(await entries.shown(), { items: [file('a')], hasMore: false, reading: 'half' });
  found.push(file('b'));
  assert.equal((await entries.shown()).items.length, 2);
});

test('does not keep a list that a reset has outdated', async () => {
  let answer = Promise.withResolvers<{ items: FolderEntry[] }>();
  const entries = new FolderEntries(() => answer.promise);
  const old = entries.shown();
  entries.reset();
  answer.resolve({ items: [file('old')] });
  await old;
  answer = Promise.withResolvers();
  answer.resolve({ items: [file('new')] });
  assert.deepEqual((await entries.shown()).items, [file('new')]);
});
