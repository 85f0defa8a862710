import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atOnce } from '../../../../src/browse/formats/slices.ts';
import { compareEntries, type Difference } from '../../../../src/insight/compare/compareEntries.ts';
import type { FileEntry } from '../../../../src/insight/layerContent.ts';

const compare = (left: readonly FileEntry[], right: readonly FileEntry[]): Difference =>
  atOnce(compareEntries(left, right));

function entry(path: string, other: Partial<FileEntry> = {}): FileEntry {
  return { path, type: 'file', size: 1, mode: 0o644, uid: 0, gid: 0, linkname: '', layer: 1, ...other };
}

test('lists added, removed and changed entries by path', () => {
  const left = [entry('same'), entry('gone/b'), entry('gone/a'), entry('grown')];
  const right = [entry('same', { layer: 7 }), entry('new'), entry('grown', { size: 2 }), entry('')];
  const { added, removed, changed } = compare(left, right);
  assert.deepEqual(
    added.map(({ path }) => path),
    ['new'],
  );
  assert.deepEqual(
    removed.map(({ path }) => path),
    ['gone/a', 'gone/b'],
  );
  assert.deepEqual(changed, [{ ...entry('grown', { size: 2 }), before: entry('grown'), differs: ['content'] }]);
});

test('names each kind of difference', () => {
  const cases: readonly (readonly [Partial<FileEntry>, Partial<FileEntry>, readonly string[]])[] = [
    [{ content: 'crc32:1' }, { content: 'crc32:2' }, ['content']],
    [{ content: 'crc32:1' }, { content: 'crc32:1' }, []],
    [{ content: 'crc32:1' }, { content: 'stored:1 []' }, ['content']],
    [{ type: 'char', device: '1:3' }, { type: 'char', device: '1:5' }, ['device']],
    [{ type: 'char', device: '1:3' }, { type: 'char', device: '1:3' }, []],
    [{ type: 'char', device: '1:3' }, {}, ['type']],
    [{ xattrs: { 'user.a': 'YQ==' } }, { xattrs: { 'user.a': 'Yg==' } }, ['attributes']],
    [{}, { xattrs: { 'security.capability': 'AQ==' } }, ['attributes']],
    [{ xattrs: { 'user.a': 'YQ==', 'user.b': 'Yg==' } }, { xattrs: { 'user.b': 'Yg==', 'user.a': 'YQ==' } }, []],
    [{}, { xattrs: {} }, []],
    [{}, { mode: 0o755 }, ['mode']],
    [{}, { uid: 1 }, ['owner']],
    [{}, { type: 'directory', size: 0 }, ['type']],
    [{ type: 'symlink', linkname: 'a' }, { type: 'symlink', linkname: 'b', mode: 0 }, ['target']],
    [{}, { type: 'hardlink', size: 0, linkname: 'b' }, []],
  ];
  for (const [left, right, differs] of cases) {
    const { changed } = compare([entry('x', left)], [entry('x', right)]);
    assert.deepEqual(changed[0]?.differs ?? [], differs, JSON.stringify([left, right]));
  }
});

test('finds no differences between equal or empty lists', () => {
  const one = [entry('a'), entry('b')];
  for (const list of [one, []]) {
    assert.deepEqual(compare(list, list), { added: [], removed: [], changed: [] });
  }
});
