import { setUpPulling } from '../../../support/pulling.ts';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, globSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import { type MergedTree } from '../../../../src/browse/tree/mergedTree.ts';
import { type BuiltLayer, image, layer } from '../../../support/image.ts';
import { sha256 } from '../../../support/registry/store.ts';
import { file, tar } from '../../../support/tar.ts';
import { contentOf, fetched } from '../browsing.ts';

const { registry, pulling } = await setUpPulling();

const FIRST = randomBytes(10 << 20);
/** Spans the start of the copy. */
const MIDDLE = randomBytes(17 << 20);
const entries = [file('first', FIRST), file('middle', MIDDLE), file('last', FIRST), file('late', 'near the end')];
const single = layer(entries, { compression: 'zstd' });

async function open(built: BuiltLayer): Promise<MergedTree> {
  registry.store.put('zstd', image({ layers: [built] }), 'latest');
  return pulling.open(`${registry.host}/zstd:latest`, () => (registry.requests.length = 0));
}

const cached = (pattern: string): string[] =>
  globSync(`cache/indexes/**/${pattern}`, { cwd: pulling.root }).map(path => join(pulling.root, path));

async function checkAll(tree: MergedTree): Promise<void> {
  assert.equal(String(await contentOf(tree, 'late')), 'near the end');
  assert.ok((await contentOf(tree, 'middle')).equals(MIDDLE));
  assert.ok((await contentOf(tree, 'first')).equals(FIRST));
  assert.ok((await contentOf(tree, 'last')).equals(FIRST));
}

test('reads a file near the end of one long frame without decoding the frame', async () => {
  const tree = await open(single);
  await checkAll(tree);
  registry.requests.length = 0;
  rmSync(pulling.layerWork.store.path(single.digest));
  // Only the copy is left: the blob is gone and is not downloaded again.
  assert.equal(String(await contentOf(tree, 'late')), 'near the end');
  assert.ok((await contentOf(tree, 'last')).equals(FIRST));
  assert.deepEqual(fetched(registry.requests), { requests: 0, bytes: 0 });
});

test('splits the copy into pieces of a few megabytes', async () => {
  const tree = await open(single);
  const [copy = ''] = cached('*.copy');
  const bytes = readFileSync(copy);
  // The last file is read from the last piece alone.
  const { offset = 0 } = tree.find('late').entry ?? {};
  assert.ok(offset > 36 << 20);
  const lastPiece = bytes.lastIndexOf(Buffer.from([0x28, 0xb5, 0x2f, 0xfd]));
  assert.ok(bytes.length - lastPiece < 5 << 20);
  writeFileSync(copy, bytes.fill(0, 0, lastPiece));
  rmSync(pulling.layerWork.store.path(single.digest));
  registry.requests.length = 0;
  assert.equal(String(await contentOf(tree, 'late')), 'near the end');
  assert.deepEqual(fetched(registry.requests), { requests: 0, bytes: 0 });
});

test('counts the copy as part of the cache, and removes it with the cache', async () => {
  const { store } = pulling.layerWork;
  await open(single);
  const [copy = ''] = cached('*.copy');
  const others = [store.path(single.digest), ...cached('*.index'), ...cached('*.points')];
  const sizes = [copy, ...others].map(path => statSync(path).size);
  assert.ok((await store.size()) >= sizes.reduce((sum, size) => sum + size));
  await store.prune(0);
  assert.ok(!existsSync(copy));
});

for (const [name, damage] of Object.entries({
  missing: (copy: string): void => rmSync(copy),
  empty: (copy: string): void => writeFileSync(copy, ''),
  rubbish: (copy: string): void => writeFileSync(copy, randomBytes(statSync(copy).size)),
})) {
  test(`reads a layer whose copy is ${name}`, async () => {
    const tree = await open(single);
    const [copy = ''] = cached('*.copy');
    damage(copy);
    await checkAll(tree);
  });
}

test('reads a layer whose copy is damaged in the middle of a file', async () => {
  const tree = await open(single);
  const [copy = ''] = cached('*.copy');
  const bytes = readFileSync(copy);
  writeFileSync(copy, bytes.fill(0x55, 9 << 20, (9 << 20) + 100));
  await checkAll(tree);
});

test('reads a layer whose restart points are damaged', async () => {
  await open(single);
  const [points = ''] = cached('*.points');
  writeFileSync(points, readFileSync(points).fill(1, 20, 60));
  await checkAll(await open(single));
});

test('reads a layer of many frames from the frame before the file', async () => {
  const archive = tar(...entries);
  const frames: Buffer[] = [];
  for (let at = 0; at < archive.length; at += 3 << 20)
    frames.push(zstdCompressSync(archive.subarray(at, at + (3 << 20))));
  const built = layer(archive, { compression: 'zstd', blob: Buffer.concat(frames) });
  const tree = await open(built);
  assert.deepEqual(cached('*.copy'), []);
  await checkAll(tree);
  const path = pulling.layerWork.store.path(built.digest);
  chmodSync(path, 0o644);
  // Reading any but the last frames would fail.
  const before = built.blob.length - (8 << 20);
  writeFileSync(path, Buffer.from(built.blob).fill(0xff, 0, before));
  assert.equal(String(await contentOf(tree, 'late')), 'near the end');
  await assert.rejects(contentOf(tree, 'first'));
});

test('does not copy a small layer', async () => {
  const tree = await open(layer([file('a', FIRST), file('late', 'x')], { compression: 'zstd' }));
  assert.deepEqual(cached('*.copy*'), []);
  assert.equal(String(await contentOf(tree, 'late')), 'x');
  assert.equal(tree.find('late').facts.size, 1);
});

test('leaves nothing of a layer that turns out to be damaged', async () => {
  const cut = layer(entries, { compression: 'zstd', blob: single.blob.subarray(0, single.blob.length - 1000) });
  await assert.rejects(open(cut), { name: 'TruncatedLayerError' });
  const other = { ...single, diffId: sha256('something else') };
  await assert.rejects(open(other), { name: 'DiffIdMismatchError' });
  assert.deepEqual(cached('*.*'), []);
});
