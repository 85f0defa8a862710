import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atOnce } from '../../../../src/browse/formats/slices.ts';
import { changeTree, type ChangeNode } from '../../../../src/insight/compare/changeTree.ts';
import { compareEntries } from '../../../../src/insight/compare/compareEntries.ts';
import type { FileEntry } from '../../../../src/insight/layerContent.ts';

function files(sizes: Readonly<Record<string, number>>): FileEntry[] {
  const common = { type: 'file', mode: 0o644, uid: 0, gid: 0, linkname: '', layer: 1 } as const;
  return Object.entries(sizes).map(([path, size]) => ({ path, size, ...common }));
}

const difference = atOnce(
  compareEntries(
    files({ 'usr/share/doc/a': 5, 'usr/share/doc/b': 10, etc: 1, same: 1 }),
    files({ 'usr/share/doc/b': 4, 'opt/new': 100, etc: 3, same: 1 }),
  ),
);

function outline(node: ChangeNode): unknown {
  return [node.name, node.mark ?? '', node.growth, node.count, node.children.map(outline)];
}

test('arranges differences by folder with their sizes, and joins folders that have one folder', () => {
  assert.deepEqual(outline(atOnce(changeTree(difference))), [
    '',
    '',
    91,
    4,
    [
      ['opt', '', 100, 1, [['new', 'added', 100, 1, []]]],
      [
        'usr/share/doc',
        '',
        -11,
        2,
        [
          ['a', 'removed', -5, 1, []],
          ['b', 'changed', -6, 1, []],
        ],
      ],
      ['etc', 'changed', 2, 1, []],
    ],
  ]);
});

test('ends a path of any depth in one row', () => {
  const path = Array.from({ length: 6000 }, () => 'd').join('/');
  const { count } = atOnce(changeTree(atOnce(compareEntries([], files({ [path]: 1 })))));
  assert.equal(count, 1);
});
