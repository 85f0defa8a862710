import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { FileDamagedError } from '../../../src/browse/errors.ts';
import { factsOf, MergedTree } from '../../../src/browse/mergedTree.ts';
import { DEFAULT_LIMITS } from '../../../src/layers/unpack.ts';
import { browseLayer } from '../../../src/pull/browseLayer.ts';
import { estargz } from '../../support/estargz.ts';
import { image, layer } from '../../support/image.ts';
import { recompress } from '../../support/layout.ts';
import { startRegistry, type Registry } from '../../support/registry/registry.ts';
import { sha256, type Content } from '../../support/registry/store.ts';
import { directory, file, hardlink, symlink } from '../../support/tar.ts';
import { requireTool } from '../../support/tools.ts';
import { Pulling } from '../pull/pulling.ts';

let registry: Registry;
let pulling: Pulling;

before(async () => {
  registry = await startRegistry();
});
beforeEach(() => {
  pulling = new Pulling();
});
afterEach(() => pulling.end());
after(() => registry.close());

const { signal } = new AbortController();
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
  const resolved = await pulling.resolve(`${registry.host}/toc:latest`, 'linux/amd64');
  registry.requests.length = 0;
  const [first] = resolved.layers;
  assert.ok(first);
  const request = {
    layer: first,
    repository: 'toc',
    blobs: async () => pulling.blobs(resolved),
    origin: async () => pulling.origin(resolved),
    limits: DEFAULT_LIMITS,
    onProgress: () => undefined,
  };
  return MergedTree.of([{ number: 1, files: await browseLayer(pulling.puller, request, signal) }]);
}

async function read(tree: MergedTree, path: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  await tree.read(tree.find(path), { write: chunk => void chunks.push(Buffer.from(chunk)) }, signal);
  return Buffer.concat(chunks);
}

/** Bytes of blobs that were asked for since the layer was opened. */
function fetched(): number {
  return registry.requests
    .filter(({ path, method }) => path.includes('/blobs/') && method === 'GET')
    .reduce((sum, { headers }) => {
      const [, start, end] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [];
      return sum + (end === undefined ? Infinity : Number(end) - Number(start) + 1);
    }, 0);
}

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
    assert.deepEqual([...tree.walk()].map(({ path }) => path).toSorted(), [
      'big',
      'empty',
      'etc',
      'etc/motd',
      'hard',
      'late',
      'link',
    ]);
    const { mode, uid, layer: from } = factsOf(tree.find('etc'));
    assert.deepEqual([mode, uid, from], [0o750, 7, 1]);
    assert.equal(String(await read(tree, 'late')), 'near the end');
    assert.equal(String(await read(tree, 'link')), 'hello\n');
    assert.equal(String(await read(tree, 'hard')), 'hello\n');
    assert.equal((await read(tree, 'empty')).length, 0);
    assert.ok(fetched() < BIG.length / 100, `${fetched()} bytes were fetched`);
    assert.ok((await read(tree, 'big')).equals(BIG));
  });

  test(`the second opening needs no request: ${kind}`, { skip }, async () => {
    const content = await make();
    await open(content);
    const tree = await open(content);
    assert.equal(fetched(), 0);
    assert.equal(String(await read(tree, 'late')), 'near the end');
  });
}

test('a table that is not the one of the manifest is not believed: the layer is read as a whole', async () => {
  const tree = await open(image({ layers: [estargz(entries, { forge: json => json.replace('"late"', '"lies"') })] }));
  assert.ok(tree.find('late'));
  assert.equal(tree.tryFind('lies'), undefined);
  assert.equal(fetched(), Infinity);
});

test('content that is not what the table tells is refused', async () => {
  let table = '';
  const lie = (json: string): string => (table = json.replaceAll(sha256('content of a'), sha256('another content')));
  const built = estargz([file('a', 'content of a')], { forge: lie });
  // The table itself is vouched for by the manifest.
  const annotations = { 'containerd.io/snapshot/stargz/toc.digest': sha256(table) };
  const tree = await open(image({ layers: [{ ...built, annotations }] }));
  await assert.rejects(read(tree, 'a'), FileDamagedError);
  assert.notEqual(fetched(), Infinity);
});
