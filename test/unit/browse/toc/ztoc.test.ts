import { setUpPulling } from '../../../support/pulling.ts';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { globSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FileDamagedError } from '../../../../src/browse/errors.ts';
import { type MergedTree } from '../../../../src/browse/tree/mergedTree.ts';
import { DEFAULT_LIMITS } from '../../../support/doubles.ts';
import { readZtoc } from '../../../../src/browse/toc/ztoc.ts';
import { type BuiltLayer, image, layer } from '../../../support/image.ts';
import { pushContent } from '../../../support/push.ts';
import { corrupt } from '../../../support/registry/faults.ts';
import { startRegistry } from '../../../support/registry/registry.ts';
import { startDockerRegistry } from '../../../support/servers/dockerRegistry.ts';
import { sociIndex, ztocOf, type ZtocOptions } from '../../../support/soci.ts';
import { directory, file, gnuSparse, hardlink, symlink } from '../../../support/tar.ts';
import { requireTool } from '../../../support/tools.ts';
import { contentOf, fetched, pathsOf } from '../browsing.ts';

const { registry, pulling } = await setUpPulling();

const NOISE = randomBytes(6 << 20);
/** Compresses to blocks of all kinds, at all bit offsets. */
const WORDS = Buffer.from(Array.from({ length: 60_000 }, (_, at) => `${at} ${(at * 2654435761) % 97}\n`).join(''));
const built = layer([
  directory('etc/', { mode: 0o750, uid: 7 }),
  file('etc/motd', 'hello\n', { mode: 0o640, xattrs: { 'user.mark': Buffer.from([1, 255]) } }),
  file('noise', NOISE),
  file('words', WORDS),
  file('empty'),
  ...Array.from({ length: 300 }, (_, at) => file(`many/${at}`, `content of ${at} `.repeat(400 + at))),
  symlink('link', 'etc/motd'),
  hardlink('hard', 'etc/motd'),
  file('late', 'near the end'),
]);

interface Kind extends ZtocOptions {
  readonly version: 1 | 2;
}

function content(kind: Kind, of: BuiltLayer = built): { readonly name: string } {
  const ztoc = ztocOf(of, { spanSize: 1 << 20, ...kind });
  const name = 'soci';
  if (kind.version === 2) {
    const index = sociIndex([[of, ztoc]]);
    registry.store.put(name, index);
    const annotations = { 'com.amazon.soci.index-digest': index.digest };
    registry.store.put(name, image({ layers: [of], annotations }), 'latest');
  } else {
    const it = image({ layers: [of] });
    registry.store.put(name, it, 'latest');
    registry.store.put(name, sociIndex([[of, ztoc]], it.descriptor));
  }
  return { name };
}

const open = ({ name }: { readonly name: string }): Promise<MergedTree> =>
  pulling.open(`${registry.host}/${name}:latest`, () => (registry.requests.length = 0));

const kinds: Readonly<Record<string, Kind>> = {
  'version 2, which the manifest names': { version: 2 },
  'version 1, which refers to the image': { version: 1 },
  'without its first checkpoint': { version: 2, firstVersion: true },
  'with spans that do not share bytes': { version: 2, shortSpans: true },
};

async function checkAll(tree: MergedTree): Promise<void> {
  assert.equal(String(await contentOf(tree, 'late')), 'near the end');
  assert.equal(String(await contentOf(tree, 'link')), 'hello\n');
  assert.equal(String(await contentOf(tree, 'hard')), 'hello\n');
  assert.equal((await contentOf(tree, 'empty')).length, 0);
  assert.ok((await contentOf(tree, 'words')).equals(WORDS));
  for (const at of [0, 7, 150, 299]) {
    assert.equal(String(await contentOf(tree, `many/${at}`)), `content of ${at} `.repeat(400 + at));
  }
  assert.ok((await contentOf(tree, 'noise')).equals(NOISE));
}

for (const [name, kind] of Object.entries(kinds)) {
  test(`reads files from the spans of a gzip layer: ${name}`, async () => {
    const tree = await open(content(kind));
    const { mode, uid, verified } = tree.find('etc/motd').facts;
    assert.deepEqual([mode, uid, verified], [0o640, 0, kind.version === 2 ? undefined : false]);
    assert.deepEqual(tree.find('etc/motd').entry?.xattrs, { 'user.mark': 'Af8=' });
    assert.deepEqual(tree.find('etc').facts.mode, 0o750);
    const layerRanges = registry.requests.filter(({ headers }) => headers.range !== undefined);
    assert.equal(layerRanges.length, 0, 'listing reads nothing of the layer');
    registry.requests.length = 0;
    assert.equal(String(await contentOf(tree, 'late')), 'near the end');
    const { bytes } = fetched(registry.requests);
    assert.ok(bytes < built.blob.length / 4, `${bytes} of ${built.blob.length} bytes were fetched`);
    await checkAll(tree);
  });
}

test('looks for the index once, and opens a layer again without any request', async () => {
  const it = content({ version: 1 });
  await open(it);
  assert.equal(registry.requests.filter(({ path }) => path.includes('/referrers/')).length, 1);
  const tree = await open(it);
  assert.deepEqual(
    registry.requests.map(({ path }) => path).filter(path => !path.includes('/manifests/')),
    [],
  );
  await checkAll(tree);
});

test('ignores an index that only refers to the image where a verified listing is required', async () => {
  const kindOf = async (version: 1 | 2): Promise<unknown> => {
    const { name } = content({ version });
    const tree = await pulling.open(`${registry.host}/${name}:latest`, () => undefined, true);
    return tree.find('late').content?.layer.files.listing.facts.kind;
  };
  assert.equal(await kindOf(2), 'soci');
  rmSync(join(pulling.root, 'cache'), { recursive: true });
  assert.equal(await kindOf(1), 'gzip');
});

test('finds an index by the referrers tag', async () => {
  const { name } = content({ version: 1 });
  const other = await startRegistry({ store: registry.store, referrers: 'tag' });
  try {
    const tree = await pulling.open(`${other.host}/${name}:latest`);
    assert.equal(tree.find('late').facts.verified, false);
    await checkAll(tree);
  } finally {
    await other.close();
  }
});

test('finds an index in a real registry', { skip: requireTool('docker-registry') }, async () => {
  const server = await startDockerRegistry();
  try {
    const index = sociIndex([[built, ztocOf(built, { spanSize: 1 << 20 })]]);
    await pushContent(server, 'soci', index, []);
    const annotations = { 'com.amazon.soci.index-digest': index.digest };
    await pushContent(server, 'soci', image({ layers: [built], annotations }), 'v2');
    await checkAll(await pulling.open(`${server.host}/soci:v2`));
    assert.deepEqual(globSync('cache/sha256/*', { cwd: pulling.root }).filter(holdsLayer), []);
    // Debian's registry has no referrers API: clients push the tag.
    const it = image({ layers: [built], config: { Cmd: ['other'] } });
    await pushContent(server, 'soci', it, 'v1');
    const referrer = sociIndex([[built, ztocOf(built, { spanSize: 2 << 20 })]], it.descriptor);
    await pushContent(server, 'soci', referrer, []);
    const list = { schemaVersion: 2, mediaType: LIST, manifests: [referrer.descriptor] };
    const bytes = Buffer.from(JSON.stringify(list));
    const tag = it.digest.replace(':', '-');
    await pushContent(server, 'soci', { mediaType: LIST, bytes, digest: it.digest, blobs: [] }, tag);
    rmSync(join(pulling.root, 'cache'), { recursive: true });
    const tree = await pulling.open(`${server.host}/soci:v1`);
    assert.equal(tree.find('late').facts.verified, false);
    await checkAll(tree);
  } finally {
    await server.close();
  }
});

const LIST = 'application/vnd.oci.image.index.v1+json';
const holdsLayer = (path: string): boolean => path.endsWith(built.digest.slice('sha256:'.length));

test('reads and verifies a gzip layer without an index in one pass', async () => {
  registry.store.put('soci', image({ layers: [built], config: { Cmd: ['none'] } }), 'none');
  const tree = await pulling.open(`${registry.host}/soci:none`);
  assert.equal(tree.find('late').facts.verified, undefined);
  await checkAll(tree);
});

test('reads the whole layer if the digest of a span differs', async () => {
  const tree = await open(content({ version: 2 }));
  registry.fault({ path: built.digest, times: 1 }, corrupt(100));
  assert.equal(String(await contentOf(tree, 'late')), 'near the end');
  const again = await open(content({ version: 2 }));
  assert.equal(again.find('late').content?.layer.files.listing.facts.kind, 'gzip');
});

test('reads no file of a layer that always arrives damaged', async () => {
  const tree = await open(content({ version: 2 }));
  registry.fault({ path: built.digest }, corrupt(100));
  await assert.rejects(contentOf(tree, 'late'));
});

test('refuses a file whose header in the archive differs from the index', async () => {
  const late = built.tar.indexOf('near the end');
  const lie = content({
    version: 2,
    forge: one => (one.offset === late ? { ...one, entry: { ...one.entry, path: 'lies' } } : one),
  });
  const tree = await open(lie);
  await assert.rejects(contentOf(tree, 'lies'), FileDamagedError);
  assert.equal(String(await contentOf(tree, 'many/3')), 'content of 3 '.repeat(403));
});

test('reads the whole layer if the zTOC contradicts itself', async () => {
  // The tool takes the size of a sparse file for that of its stored content.
  const holes = gnuSparse('holes', 3 << 20, [{ offset: 1 << 20, data: Buffer.alloc(512, 'x') }]);
  const sparse = layer([file('noise', NOISE), holes, file('late', 'near the end')]);
  const tree = await open(content({ version: 2 }, sparse));
  assert.equal((await contentOf(tree, 'holes')).length, 3 << 20);
  assert.equal(String(await contentOf(tree, 'late')), 'near the end');
  assert.equal(registry.requests.filter(({ headers }) => headers.range !== undefined).length, 0);
});

test('reads the whole layer if the zTOC arrives damaged', async () => {
  const it = content({ version: 2 });
  const ztoc = ztocOf(built, { spanSize: 1 << 20 });
  registry.fault({ path: '/blobs/', when: ({ path }) => !path.includes(built.digest) }, corrupt(ztoc.length - 50));
  await checkAll(await open(it));
});

test('survives any bytes in place of a zTOC', () => {
  const honest = ztocOf(layer([file('a', 'x'), symlink('b', 'a')]));
  const options = { digest: built.digest, size: 0, limits: DEFAULT_LIMITS, verified: true };
  const size = layer([file('a', 'x'), symlink('b', 'a')]).blob.length;
  assert.ok(readZtoc(honest, { ...options, size }));
  assert.equal(readZtoc(honest, { ...options, size: size + 1 }), undefined);
  assert.equal(readZtoc(honest, { ...options, size, limits: { ...DEFAULT_LIMITS, maxEntries: 1 } }), undefined);
  assert.equal(readZtoc(honest, { ...options, size, limits: { ...DEFAULT_LIMITS, maxBytes: 100 } }), undefined);
  for (let at = 0; at < 400; at++) {
    for (const value of [0, 1, 0x7f, 0xff]) {
      const changed = Buffer.from(honest);
      changed[at] = value;
      readZtoc(changed, { ...options, size });
    }
    readZtoc(honest.subarray(0, at), { ...options, size });
  }
  for (let at = 1; at < 2000; at++) {
    const changed = Buffer.from(honest);
    for (let place = 0; place < 8; place++) changed[(at * 7919 + place * 104_729) % changed.length] = at * place;
    readZtoc(changed, { ...options, size });
  }
});

test('replaces spans that are missing on disk', async () => {
  const it = content({ version: 2 });
  await open(it);
  const [spans = ''] = globSync('cache/indexes/**/*.spans', { cwd: pulling.root });
  rmSync(join(pulling.root, spans));
  await checkAll(await open(it));
  assert.deepEqual(pathsOf(await open(it)).length, 309);
});
