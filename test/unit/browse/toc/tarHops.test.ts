import { setUpPulling } from '../../../support/pulling.ts';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { globSync } from 'node:fs';
import { test } from 'node:test';
import { type MergedTree } from '../../../../src/browse/tree/mergedTree.ts';
import { image, layer } from '../../../support/image.ts';
import { startRegistry } from '../../../support/registry/registry.ts';
import { directory, type Entry, file, gnuSparse, hardlink, pax, paxSparse, symlink } from '../../../support/tar.ts';
import { contentOf, fetched, pathsOf } from '../browsing.ts';

const { registry, pulling } = await setUpPulling();

const BIG = randomBytes(12 << 20);
const LONG_NAME = `${'long/'.repeat(40)}name`;

async function open(entries: readonly (Entry | Uint8Array)[], blob?: Buffer): Promise<MergedTree> {
  const built = layer(entries, { compression: 'none', ...(blob ? { blob } : {}) });
  registry.store.put('hops', image({ layers: [built] }), 'latest');
  return pulling.open(`${registry.host}/hops:latest`, () => (registry.requests.length = 0));
}

const kinds = (): string[] => globSync('cache/indexes/**/*.index', { cwd: pulling.root });
const verifiedOf = (tree: MergedTree): false | undefined =>
  [...tree.walk()].map(({ facts }) => facts).find(({ type }) => type === 'file')?.verified;

test('lists an uncompressed archive by its headers, and reads only the bytes of a file', async () => {
  const holes = Buffer.alloc(3 << 20);
  const island = Buffer.alloc(1024, 'island');
  island.copy(holes, 1 << 20);
  const tree = await open([
    directory('etc/', { mode: 0o750, uid: 7 }),
    file('etc/motd', 'hello\n'),
    file('big', BIG),
    file(LONG_NAME, 'behind a long name', { xattrs: { 'user.mark': Buffer.from('x') } }),
    file('odd', randomBytes(5_000_001)),
    gnuSparse('old-holes', holes.length, [{ offset: 1 << 20, data: island }]),
    paxSparse('new-holes', holes.length, [{ offset: 1 << 20, data: island }]),
    symlink('link', 'etc/motd'),
    hardlink('hard', 'etc/motd'),
    file('late', 'near the end'),
  ]);
  assert.ok(fetched(registry.requests).bytes < 2 << 20, JSON.stringify(fetched(registry.requests)));
  assert.ok(fetched(registry.requests).requests <= 4, JSON.stringify(fetched(registry.requests)));
  assert.ok(pathsOf(tree).includes(LONG_NAME));
  registry.requests.length = 0;
  assert.equal(String(await contentOf(tree, 'late')), 'near the end');
  assert.deepEqual(fetched(registry.requests), { requests: 1, bytes: 12 });
  assert.equal(String(await contentOf(tree, 'link')), 'hello\n');
  assert.equal(String(await contentOf(tree, 'hard')), 'hello\n');
  assert.equal(String(await contentOf(tree, LONG_NAME)), 'behind a long name');
  assert.ok((await contentOf(tree, 'old-holes')).equals(holes));
  assert.ok((await contentOf(tree, 'new-holes')).equals(holes));
  assert.ok((await contentOf(tree, 'big')).equals(BIG));
  // The digest covers the whole archive only.
  assert.equal(verifiedOf(tree), false);
});

test('reads headers as a whole pass does', async () => {
  const parts = [
    pax({ path: 'elsewhere', size: '9', mtime: '1' }, 'g'),
    pax({ path: 'elsewhere', size: '9' }),
    file('real', BIG, { pax: { mtime: '9223372036854775807' } }),
    { path: 'v7/', flag: '\0', size: 1 << 20 },
    file('late', 'x'),
  ];
  const tree = await open(parts);
  assert.deepEqual(pathsOf(tree), ['late', 'real', 'v7']);
  assert.equal(verifiedOf(tree), false);
  assert.ok((await contentOf(tree, 'real')).equals(BIG));
  assert.equal(String(await contentOf(tree, 'late')), 'x');
});

test('opens a layer again without any request', async () => {
  const entries = [file('big', BIG), file('late', 'x')];
  await open(entries);
  const tree = await open(entries);
  assert.deepEqual(fetched(registry.requests), { requests: 0, bytes: 0 });
  assert.equal(String(await contentOf(tree, 'late')), 'x');
});

test('does not use an unverified listing for another registry', async () => {
  const entries = [file('big', BIG), file('late', 'x')];
  await open(entries);
  const other = await startRegistry({ store: registry.store });
  try {
    const tree = await pulling.open(`${other.host}/hops:latest`, () => (other.requests.length = 0));
    assert.deepEqual(pathsOf(tree), ['big', 'late']);
    assert.ok(fetched(other.requests).requests > 0);
  } finally {
    await other.close();
  }
});

test('verifies the layer once its blob is cached', async () => {
  const entries = [file('big', BIG), file('late', 'x')];
  assert.equal(verifiedOf(await open(entries)), false);
  await pulling.pull(`${registry.host}/hops:latest`, 'hops', { platform: 'linux/amd64' });
  const tree = await open(entries);
  assert.equal(verifiedOf(tree), undefined);
  assert.deepEqual(fetched(registry.requests), { requests: 0, bytes: 0 });
  assert.equal(String(await contentOf(tree, 'late')), 'x');
});

test('reads the whole layer where a verified listing is required', async () => {
  const entries = [file('big', BIG), file('late', 'x')];
  assert.equal(verifiedOf(await open(entries)), false);
  const tree = await pulling.open(`${registry.host}/hops:latest`, () => undefined, true);
  assert.equal(verifiedOf(tree), undefined);
  assert.equal(String(await contentOf(tree, 'late')), 'x');
});

test('reads a layer of small files in one pass', async () => {
  const many = Array.from({ length: 4000 }, (_, at) => file(`many/${at}`, Buffer.alloc(3000, at)));
  const tree = await open(many);
  const { requests } = fetched(registry.requests);
  const hops = registry.requests.filter(({ headers }) => headers.range !== undefined).length;
  assert.ok(hops <= 4, `${hops} of ${requests} requests were for parts`);
  assert.equal(verifiedOf(tree), undefined);
  assert.ok((await contentOf(tree, 'many/3999')).equals(Buffer.alloc(3000, 3999)));
});

test('reads small files between large ones in windows', async () => {
  const entries = Array.from({ length: 12 }, (_, folder) => [
    ...Array.from({ length: 100 }, (_, at) => file(`${folder}/${at}`, Buffer.alloc(700, at))),
    file(`${folder}/large`, BIG.subarray(0, 4 << 20)),
  ]).flat();
  const tree = await open(entries);
  assert.equal(verifiedOf(tree), false);
  const { requests, bytes } = fetched(registry.requests);
  assert.ok(requests <= 14, `${requests} requests`);
  assert.ok(bytes < 4 << 20, `${bytes} bytes`);
});

test('reads the whole layer if the registry has no ranges', async () => {
  registry.fault({ path: '/blobs/', when: ({ headers }) => headers.range !== undefined }, (reply, request) => ({
    ...reply,
    status: 200,
    headers: { ...reply.headers, 'content-range': '' },
    body: registry.store.blob(request.path.split('/').at(-1) ?? '') as Buffer,
  }));
  const tree = await open([file('big', BIG), file('late', 'x')]);
  assert.equal(verifiedOf(tree), undefined);
  assert.equal(String(await contentOf(tree, 'late')), 'x');
});

test('reads the whole layer if the registry stops serving ranges', async () => {
  const tree = await open([file('big', BIG), file('late', 'x')]);
  assert.equal(verifiedOf(tree), false);
  registry.fault({ path: '/blobs/', when: ({ headers }) => headers.range !== undefined }, (reply, request) => ({
    ...reply,
    status: 200,
    headers: { ...reply.headers, 'content-range': '' },
    body: registry.store.blob(request.path.split('/').at(-1) ?? '') as Buffer,
  }));
  assert.equal(String(await contentOf(tree, 'late')), 'x');
  const again = await open([file('big', BIG), file('late', 'x')]);
  assert.equal(verifiedOf(again), undefined);
});

test('leaves a damaged archive to the pass, which reports what is wrong', async () => {
  const broken = file('broken', 'x', { checksum: 1 });
  await assert.rejects(open([file('big', BIG), broken, file('late', 'x')]), { name: 'InvalidLayerError' });
  await assert.rejects(open([file('big', BIG), file('cut', '', { size: 9_000_000 })]), {
    name: /TruncatedLayerError|InvalidLayerError/,
  });
  assert.deepEqual(kinds(), []);
});

test('reads a compressed layer whose media type says it is not', async () => {
  const built = layer([file('big', BIG), file('late', 'x')], { mediaType: 'application/vnd.oci.image.layer.v1.tar' });
  registry.store.put('hops', image({ layers: [built] }), 'latest');
  const tree = await pulling.open(`${registry.host}/hops:latest`, () => (registry.requests.length = 0));
  assert.equal(verifiedOf(tree), undefined);
  assert.deepEqual(pathsOf(tree), ['big', 'late']);
});
