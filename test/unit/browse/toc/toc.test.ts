import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { FileDamagedError } from '../../../../src/browse/errors.ts';
import { factsOf, type MergedTree } from '../../../../src/browse/tree/mergedTree.ts';
import { estargz } from '../../../support/estargz.ts';
import { image, layer } from '../../../support/image.ts';
import { recompress } from '../../../support/layout.ts';
import { startRegistry, type Registry } from '../../../support/registry/registry.ts';
import { sha256, type Content } from '../../../support/registry/store.ts';
import { directory, file, hardlink, symlink } from '../../../support/tar.ts';
import { requireTool } from '../../../support/tools.ts';
import { Browsing, contentOf, fetched, pathsOf } from '../browsing.ts';

let registry: Registry;
let browsing: Browsing;

before(async () => {
  registry = await startRegistry();
});
beforeEach(() => {
  browsing = new Browsing();
});
afterEach(() => browsing.end());
after(() => registry.close());

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
  return browsing.open(`${registry.host}/toc:latest`, () => (registry.requests.length = 0));
}

/** Bytes of blobs that were asked for since the layer was opened. */
const bytesFetched = (): number => fetched(registry.requests).bytes;

const kinds = {
  estargz: { skip: false as const, make: async () => image({ layers: [estargz(entries)] }) as Content },
  'zstd:chunked': {
    skip: requireTool('skopeo'),
    make: () => recompress(image({ layers: [layer(entries)] }), 'zstd:chunked'),
  },
};

for (const [kind, { skip, make }] of Object.entries(kinds)) {
  test(`a small file of a big layer costs little: ${kind}`, { skip }, async () => {
    const tree = await open(await make());
    assert.deepEqual(pathsOf(tree), ['big', 'empty', 'etc', 'etc/motd', 'hard', 'late', 'link']);
    const { mode, uid, layer: from } = factsOf(tree.find('etc'));
    assert.deepEqual([mode, uid, from], [0o750, 7, 1]);
    assert.equal(String(await contentOf(tree, 'late')), 'near the end');
    assert.equal(String(await contentOf(tree, 'link')), 'hello\n');
    assert.equal(String(await contentOf(tree, 'hard')), 'hello\n');
    assert.equal((await contentOf(tree, 'empty')).length, 0);
    assert.ok(bytesFetched() < BIG.length / 100, `${bytesFetched()} bytes were fetched`);
    assert.ok((await contentOf(tree, 'big')).equals(BIG));
  });

  test(`the second opening needs no request: ${kind}`, { skip }, async () => {
    const content = await make();
    await open(content);
    const tree = await open(content);
    assert.equal(bytesFetched(), 0);
    assert.equal(String(await contentOf(tree, 'late')), 'near the end');
  });
}

test('a table that is not the one of the manifest is not believed: the layer is read as a whole', async () => {
  const tree = await open(image({ layers: [estargz(entries, { forge: json => json.replace('"late"', '"lies"') })] }));
  assert.ok(tree.find('late'));
  assert.equal(tree.tryFind('lies'), undefined);
  assert.equal(bytesFetched(), Infinity);
});

test('content that is not what the table tells is refused', async () => {
  let table = '';
  const lie = (json: string): string => (table = json.replaceAll(sha256('content of a'), sha256('another content')));
  const built = estargz([file('a', 'content of a')], { forge: lie });
  // The table itself is vouched for by the manifest.
  const annotations = { 'containerd.io/snapshot/stargz/toc.digest': sha256(table) };
  const tree = await open(image({ layers: [{ ...built, annotations }] }));
  await assert.rejects(contentOf(tree, 'a'), FileDamagedError);
  assert.notEqual(bytesFetched(), Infinity);
});
