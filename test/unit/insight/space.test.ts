import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atOnce } from '../../../src/browse/formats/slices.ts';
import type { FileEntry, LayerContent } from '../../../src/insight/layerContent.ts';
import { spaceOf } from '../../../src/insight/space.ts';

type Given = readonly [path: string, size: number, type?: FileEntry['type'], linkname?: string];

function layers(
  ...all: readonly { readonly has?: readonly Given[]; readonly deleted?: string[]; readonly opaque?: string[] }[]
): LayerContent[] {
  return all.map(({ has = [], deleted = [], opaque = [] }, at) => ({
    number: at + 1,
    deleted,
    opaque,
    entries: has.map(([path, size, type = 'file', linkname = '']) => ({
      path,
      size,
      type,
      linkname,
      mode: 0o644,
      uid: 0,
      gid: 0,
      layer: at + 1,
    })),
  }));
}

function summary(given: LayerContent[]): { readonly seen: string[]; readonly hidden: readonly (readonly unknown[])[] } {
  const { visible, hidden } = atOnce(spaceOf(given));
  return {
    seen: visible.map(({ path, layer }) => `${layer}:${path}`).sort(),
    hidden: hidden.map(({ path, bytes, copies, deleted }) => [path, bytes, copies, deleted]),
  };
}

test('counts replaced and deleted files as wasted, and nothing else', () => {
  const given = layers(
    {
      has: [
        ['a', 10],
        ['keep', 5],
      ],
    },
    {
      has: [
        ['a', 20],
        ['b', 7],
      ],
    },
    { has: [['a', 1]], deleted: ['b'] },
  );
  const space = atOnce(spaceOf(given));
  assert.deepEqual(summary(given), {
    seen: ['1:keep', '3:a'],
    hidden: [
      ['a', 30, 2, false],
      ['b', 7, 1, true],
    ],
  });
  assert.equal(space.visibleBytes, 6);
  assert.equal(space.hiddenBytes, 37);
  assert.equal(space.diveBytes, 38, 'includes the remaining copy');
  assert.deepEqual(space.hidden[0]?.layers, [1, 2]);
  assert.deepEqual(space.hidden[0]?.hiddenBy, [2, 3]);
});

test('hides what a deleted or opaque folder has in lower layers, but not in its own', () => {
  const lower: readonly Given[] = [
    ['d', 0, 'directory'],
    ['d/x', 1],
    ['d/e/y', 2],
    ['o', 0, 'directory'],
    ['o/z', 4],
  ];
  const given = layers(
    { has: lower },
    {
      has: [
        ['d/new', 8],
        ['o/z', 16],
      ],
      deleted: ['d'],
      opaque: ['o'],
    },
  );
  assert.deepEqual(summary(given), {
    seen: ['1:o', '2:d/new', '2:o/z'],
    hidden: [
      ['o/z', 4, 1, false],
      ['d/e/y', 2, 1, true],
      ['d/x', 1, 1, true],
    ],
  });
});

test('hides what a change of type replaces', () => {
  const given = layers(
    {
      has: [
        ['a/b', 3],
        ['c', 5],
      ],
    },
    {
      has: [
        ['a', 1],
        ['c/d', 2],
      ],
    },
  );
  assert.deepEqual(summary(given), {
    seen: ['2:a', '2:c/d'],
    hidden: [
      ['c', 5, 1, true],
      ['a/b', 3, 1, true],
    ],
  });
});

test('hides nothing when a folder is described again', () => {
  const given = layers(
    {
      has: [
        ['d', 0, 'directory'],
        ['d/x', 1],
      ],
    },
    { has: [['d', 0, 'directory']] },
  );
  assert.deepEqual(summary(given), { seen: ['1:d/x', '2:d'], hidden: [] });
});

test('does not count a file with a remaining name as wasted', () => {
  const given = layers(
    {
      has: [
        ['a', 9],
        ['b', 0, 'hardlink', 'a'],
        ['c', 4],
      ],
    },
    { deleted: ['a', 'c'] },
  );
  assert.deepEqual(summary(given).hidden, [['c', 4, 1, true]]);
});

test('walks folders of any depth', () => {
  const deep = 'd/'.repeat(20_000) + 'f';
  const { hiddenBytes } = atOnce(spaceOf(layers({ has: [[deep, 3]] }, { deleted: ['d'] })));
  assert.equal(hiddenBytes, 3);
});

test('ignores deletions of what does not exist', () => {
  assert.deepEqual(summary(layers({ deleted: ['x/y'], opaque: ['z'] })), { seen: [], hidden: [] });
});
