import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atOnce } from '../../../src/browse/formats/slices.ts';
import { sizeTree as sizeTreeSteps, treemap, type SizeNode, type Tile } from '../../../src/insight/treemap.ts';

const BOX = { x: 0, y: 0, width: 600, height: 400 };
const OPTIONS = { depth: 1, heading: 0, gap: 0, smallest: 0 };

function files(sizes: Readonly<Record<string, number>>): { readonly parts: string[]; readonly size: number }[] {
  return Object.entries(sizes).map(([path, size]) => ({ parts: path.split('/'), size }));
}

const sizeTree = (given: Parameters<typeof sizeTreeSteps>[0]): SizeNode => atOnce(sizeTreeSteps(given));

const area = ({ width, height }: Tile): number => width * height;

test('adds up sizes by folder, biggest first', () => {
  const root = sizeTree(files({ 'a/x': 1, 'b/y': 5, 'b/z': 2, c: 0 }));
  assert.equal(root.size, 8);
  assert.deepEqual(
    root.children.map(({ name, size }) => [name, size]),
    [
      ['b', 7],
      ['a', 1],
    ],
  );
});

test('fills the box with tiles by size, without overlaps', () => {
  // The paper's example: 6, 6, 4, 3, 2, 2, 1 in 6 by 4.
  const sizes = { a: 6, b: 6, c: 4, d: 3, e: 2, f: 2, g: 1 };
  const tiles = treemap(sizeTree(files(sizes)), BOX, OPTIONS);
  assert.equal(tiles.length, 7);
  for (const tile of tiles) {
    assert.ok(Math.abs(area(tile) - tile.size * 10_000) < 1e-6, tile.name);
    assert.ok(tile.x >= -1e-9 && tile.x + tile.width <= 600 + 1e-9, tile.name);
    assert.ok(tile.y >= -1e-9 && tile.y + tile.height <= 400 + 1e-9, tile.name);
    assert.ok(Math.max(tile.width / tile.height, tile.height / tile.width) < 3.01, `${tile.name} is long and thin`);
  }
  for (const [at, one] of tiles.entries()) {
    for (const other of tiles.slice(at + 1)) {
      const x = Math.min(one.x + one.width, other.x + other.width) - Math.max(one.x, other.x);
      const y = Math.min(one.y + one.height, other.y + other.height) - Math.max(one.y, other.y);
      assert.ok(x < 1e-6 || y < 1e-6, `${one.name} lies over ${other.name}`);
    }
  }
});

test('draws inner tiles within their folder, below its heading', () => {
  const tiles = treemap(sizeTree(files({ 'a/x': 3, 'a/y': 2, b: 4 })), BOX, {
    ...OPTIONS,
    depth: 2,
    heading: 16,
    gap: 2,
  });
  const folder = tiles.find(({ name }) => name === 'a');
  const inner = tiles.filter(({ depth }) => depth === 1);
  assert.ok(folder?.divided);
  assert.deepEqual(
    inner.map(({ path }) => path.join('/')),
    ['a/x', 'a/y'],
  );
  for (const tile of inner) {
    assert.ok(tile.x >= folder.x + 2 && tile.y >= folder.y + 16);
    assert.ok(tile.x + tile.width <= folder.x + folder.width && tile.y + tile.height <= folder.y + folder.height);
  }
});

test('draws nothing, one file, and a hundred thousand files in one folder', { timeout: 20_000 }, () => {
  assert.deepEqual(treemap(sizeTree([]), BOX, OPTIONS), []);
  assert.equal(treemap(sizeTree(files({ a: 1 })), BOX, OPTIONS).length, 1);
  const many = Array.from({ length: 100_000 }, (_, at) => ({ parts: ['d', `f${at}`], size: 1 + (at % 7) }));
  const tiles = treemap(sizeTree(many), BOX, { ...OPTIONS, depth: 2, smallest: 3 });
  assert.deepEqual(
    tiles.map(({ name }) => name),
    ['d'],
    'what is too small is not drawn',
  );
});
