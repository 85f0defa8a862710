import { setUpPulling } from '../../../support/pulling.ts';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { FileDamagedError } from '../../../../src/browse/errors.ts';
import { type MergedTree } from '../../../../src/browse/tree/mergedTree.ts';
import { estargz, estargzFooter } from '../../../support/estargz.ts';
import { image, layer, type BuiltLayer } from '../../../support/image.ts';
import { recompress } from '../../../support/layout.ts';
import { sha256, type Content } from '../../../support/registry/store.ts';
import { directory, file, hardlink, symlink } from '../../../support/tar.ts';
import { requireTool } from '../../../support/tools.ts';
import { contentOf, fetched, pathsOf } from '../browsing.ts';

const { registry, pulling } = await setUpPulling();

const BIG = randomBytes(8 << 20);

const entries = [
  directory('etc/', { mode: 0o750, uid: 7 }),
  file('etc/motd', 'hello\n', { mode: 0o640 }),
  file('big', BIG),
  file('empty'),
  file('late', 'near the end'),
  symlink('link', 'etc/motd'),
  hardlink('hard', 'etc/motd'),
];

async function open(content: Content): Promise<MergedTree> {
  registry.store.put('toc', content, 'latest');
  return pulling.open(`${registry.host}/toc:latest`, () => (registry.requests.length = 0));
}

/** Returns the bytes of blobs requested since the layer was opened. */
const bytesFetched = (): number => fetched(registry.requests).bytes;

const kinds = {
  estargz: { skip: false as const, make: async () => image({ layers: [estargz(entries)] }) as Content },
  'zstd:chunked': {
    skip: requireTool('skopeo'),
    make: () => recompress(image({ layers: [layer(entries)] }), 'zstd:chunked'),
  },
};

for (const [kind, { skip, make }] of Object.entries(kinds)) {
  test(`downloads little of a big layer for a small file: ${kind}`, { skip }, async () => {
    const tree = await open(await make());
    assert.deepEqual(pathsOf(tree), ['big', 'empty', 'etc', 'etc/motd', 'hard', 'late', 'link']);
    const { mode, uid, layer: from } = tree.find('etc').facts;
    assert.deepEqual([mode, uid, from], [0o750, 7, 1]);
    assert.equal(String(await contentOf(tree, 'late')), 'near the end');
    assert.equal(String(await contentOf(tree, 'link')), 'hello\n');
    assert.equal(String(await contentOf(tree, 'hard')), 'hello\n');
    assert.equal((await contentOf(tree, 'empty')).length, 0);
    assert.ok(bytesFetched() < BIG.length / 100, `${bytesFetched()} bytes were fetched`);
    assert.ok((await contentOf(tree, 'big')).equals(BIG));
  });

  test(`opens a layer again without any request: ${kind}`, { skip }, async () => {
    const content = await make();
    await open(content);
    const tree = await open(content);
    assert.equal(bytesFetched(), 0);
    assert.equal(String(await contentOf(tree, 'late')), 'near the end');
  });
}

test('reads the whole layer if the table is not the one of the manifest', async () => {
  const tree = await open(image({ layers: [estargz(entries, { forge: json => json.replace('"late"', '"lies"') })] }));
  assert.ok(tree.find('late'));
  assert.equal(tree.tryFind('lies'), undefined);
  assert.equal(bytesFetched(), Infinity);
});

test('refuses content whose digest differs from the table', async () => {
  let table = '';
  const lie = (json: string): string => (table = json.replaceAll(sha256('content of a'), sha256('another content')));
  const built = estargz([file('a', 'content of a')], { forge: lie });
  const annotations = { 'containerd.io/snapshot/stargz/toc.digest': sha256(table) };
  const tree = await open(image({ layers: [{ ...built, annotations }] }));
  await assert.rejects(contentOf(tree, 'a'), FileDamagedError);
  assert.notEqual(bytesFetched(), Infinity);
});

/** Returns an eStargz layer whose table is changed, with the digest of the changed table. */
function changedTable(files: Parameters<typeof estargz>[0], change: (json: string) => string): BuiltLayer {
  let table = '';
  const built = estargz(files, { forge: json => (table = change(json)) });
  return { ...built, annotations: { 'containerd.io/snapshot/stargz/toc.digest': sha256(table) } };
}

test('reads the whole layer if the table points outside the blob', async () => {
  for (const offset of ['1e15', '9e9']) {
    const built = changedTable(entries, json => json.replace(/("name":"late".*?"offset":)\d+/, `$1${offset}`));
    const tree = await open(image({ layers: [built] }));
    assert.equal(bytesFetched(), Infinity);
    assert.equal(String(await contentOf(tree, 'late')), 'near the end');
  }
});

test('reads the whole layer if its annotations or footer point outside the blob', async () => {
  const zstd = layer(entries, { compression: 'zstd' });
  const key = 'io.github.containers.zstd-chunked';
  for (const place of [
    '1:2:3:1',
    `${zstd.blob.length - 10}:11:9:1`,
    '9007199254740991:9007199254740991:1:1',
    '-5:10:1:1',
    '1e9:10:1:1',
    'x',
  ]) {
    const annotations = { [`${key}.manifest-position`]: place, [`${key}.manifest-checksum`]: sha256('no table') };
    const tree = await open(image({ layers: [{ ...zstd, annotations }] }));
    assert.equal(String(await contentOf(tree, 'late')), 'near the end', place);
  }
  const plain = estargz(entries);
  for (const footer of [estargzFooter(2 ** 40), estargzFooter(plain.blob.length), estargzFooter(0), Buffer.alloc(51)]) {
    const blob = Buffer.concat([plain.blob.subarray(0, -51), footer]);
    const tree = await open(image({ layers: [{ ...layer(plain.tar, { blob }), annotations: plain.annotations }] }));
    assert.equal(String(await contentOf(tree, 'late')), 'near the end');
  }
});

test('reads the whole layer if names in the table look alike', async () => {
  const files = [file(Buffer.from('caf\xe9', 'latin1'), 'one'), file(Buffer.from('caf\xe8', 'latin1'), 'two')];
  const tree = await open(image({ layers: [estargz(files)] }));
  const paths = [...tree.walk()].map(({ path }) => path).filter(path => path.startsWith('caf'));
  const contents = await Promise.all(paths.map(path => contentOf(tree, path)));
  assert.deepEqual(contents.map(String), ['one', 'two']);
});
