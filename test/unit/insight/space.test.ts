import assert from 'node:assert/strict';
import { test } from 'node:test';
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

function told(given: LayerContent[]): { readonly seen: string[]; readonly hidden: readonly (readonly unknown[])[] } {
  const { visible, hidden } = spaceOf(given);
  return {
    seen: visible.map(({ path, layer }) => `${layer}:${path}`).sort(),
    hidden: hidden.map(({ path, bytes, copies, deleted }) => [path, bytes, copies, deleted]),
  };
}

test('a file that is replaced twice and one that is deleted are wasted, and nothing else', () => {
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
  const space = spaceOf(given);
  assert.deepEqual(told(given), {
    seen: ['1:keep', '3:a'],
    hidden: [
      ['a', 30, 2, false],
      ['b', 7, 1, true],
    ],
  });
  assert.equal(space.visibleBytes, 6);
  assert.equal(space.hiddenBytes, 37);
  assert.equal(space.diveBytes, 38, 'with the byte of the copy that stays');
  assert.deepEqual(space.hidden[0]?.layers, [1, 2]);
  assert.deepEqual(space.hidden[0]?.hiddenBy, [2, 3]);
});

test('a deleted folder and an opaque one hide what is below, but not what their own layer has there', () => {
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
  assert.deepEqual(told(given), {
    seen: ['1:o', '2:d/new', '2:o/z'],
    hidden: [
      ['o/z', 4, 1, false],
      ['d/e/y', 2, 1, true],
      ['d/x', 1, 1, true],
    ],
  });
});

test('a type that changes hides what was there', () => {
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
  assert.deepEqual(told(given), {
    seen: ['2:a', '2:c/d'],
    hidden: [
      ['c', 5, 1, true],
      ['a/b', 3, 1, true],
    ],
  });
});

test('a folder that is described again hides nothing', () => {
  const given = layers(
    {
      has: [
        ['d', 0, 'directory'],
        ['d/x', 1],
      ],
    },
    { has: [['d', 0, 'directory']] },
  );
  assert.deepEqual(told(given), { seen: ['1:d/x', '2:d'], hidden: [] });
});

test('a file that has another name left is not wasted', () => {
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
  assert.deepEqual(told(given).hidden, [['c', 4, 1, true]]);
});

test('folders without end are walked', () => {
  const deep = 'd/'.repeat(20_000) + 'f';
  const { hiddenBytes } = spaceOf(layers({ has: [[deep, 3]] }, { deleted: ['d'] }));
  assert.equal(hiddenBytes, 3);
});

test('what is not there can be deleted', () => {
  assert.deepEqual(told(layers({ deleted: ['x/y'], opaque: ['z'] })), { seen: [], hidden: [] });
});
