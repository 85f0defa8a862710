import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareFiles } from '../../../src/insight/compare.ts';
import type { FileEntry } from '../../../src/insight/layerContent.ts';

function entry(path: string, other: Partial<FileEntry> = {}): FileEntry {
  return { path, type: 'file', size: 1, mode: 0o644, uid: 0, gid: 0, linkname: '', layer: 1, ...other };
}

test('what is on one side only, and what differs, each in order of its path', () => {
  const left = [entry('same'), entry('gone/b'), entry('gone/a'), entry('grown')];
  const right = [entry('same', { layer: 7 }), entry('new'), entry('grown', { size: 2 }), entry('')];
  const { added, removed, changed } = compareFiles(left, right);
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

test('each kind of difference is named', () => {
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
    const { changed } = compareFiles([entry('x', left)], [entry('x', right)]);
    assert.deepEqual(changed[0]?.differs ?? [], differs, JSON.stringify([left, right]));
  }
});

test('the same twice, and nothing, have no differences', () => {
  const one = [entry('a'), entry('b')];
  for (const list of [one, []]) {
    assert.deepEqual(compareFiles(list, list), { added: [], removed: [], changed: [] });
  }
});
