import { setUpPulling } from '../../support/pulling.ts';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  globSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FileDamagedError, NoSuchPathError, WrongKindError } from '../../../src/browse/errors.ts';
import { layerChanges } from '../../../src/browse/tree/layerChanges.ts';
import { MergedTree, type MergedNode } from '../../../src/browse/tree/mergedTree.ts';
import { shownPath } from '../../../src/browse/tree/shownPath.ts';
import { openLayer } from '../../../src/layerAccess/openLayer.ts';
import { DiffIdMismatchError } from '../../../src/workers/layerErrors.ts';
import { image, layer, type BuiltLayer } from '../../support/image.ts';
import { sha256 } from '../../support/registry/store.ts';
import { device, directory, fifo, file, gnuSparse, hardlink, opaque, symlink, whiteout } from '../../support/tar.ts';

const { registry, pulling } = await setUpPulling();

const { signal } = new AbortController();

async function open(...layers: readonly BuiltLayer[]): Promise<MergedTree> {
  registry.store.put('browse', image({ layers }), 'latest');
  const resolved = await pulling.resolve(`${registry.host}/browse:latest`, 'linux/amd64');
  const opened = resolved.layers.map(async ({ number, ...rest }) => ({
    number,
    files: await openLayer(pulling.layerWork, pulling.layerRequest(resolved, rest), signal),
  }));
  return MergedTree.of(await Promise.all(opened));
}

async function content(tree: MergedTree, node: MergedNode | string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const write = (chunk: Uint8Array): void => void chunks.push(Buffer.from(chunk));
  await tree.read(typeof node === 'string' ? tree.find(node) : node, { write }, signal);
  return Buffer.concat(chunks);
}

const paths = (tree: MergedTree): string[] => [...tree.walk()].map(({ path }) => path).toSorted();
const blobRequests = (): number => registry.requests.filter(({ path }) => path.includes('/blobs/')).length;

for (const compression of ['gzip', 'zstd', 'none'] as const) {
  test(`lists and reads a layer without extracting it: ${compression}`, async () => {
    const noise = randomBytes(300_000);
    const island = Buffer.alloc(512, 'island');
    const tree = await open(
      layer(
        [
          directory('etc/', { mode: 0o750, uid: 7, gid: 8 }),
          file('etc/motd', 'hello\n', { mode: 0o640, uid: 1, gid: 2, mtime: 1_700_000_000 }),
          file('noise', noise),
          file('empty'),
          gnuSparse('holes', 200_000, [{ offset: 70_144, data: island }]),
          symlink('link', 'etc/motd'),
          hardlink('hard', 'etc/motd'),
        ],
        { compression },
      ),
    );
    assert.deepEqual(tree.find('/etc/motd').facts, {
      path: 'etc/motd',
      type: 'file',
      size: 6,
      mode: 0o640,
      uid: 1,
      gid: 2,
      mtime: 1_700_000_000,
      layer: 1,
    });
    assert.deepEqual(tree.find('link', false).facts.linkname, 'etc/motd');
    const hard = tree.find('hard').facts;
    assert.deepEqual([hard.type, hard.size, hard.linkname], ['file', 6, 'etc/motd']);
    assert.equal(String(await content(tree, 'link')), 'hello\n');
    assert.equal(String(await content(tree, 'hard')), 'hello\n');
    assert.ok((await content(tree, 'noise')).equals(noise));
    assert.equal((await content(tree, 'empty')).length, 0);
    const holes = Buffer.alloc(200_000);
    island.copy(holes, 70_144);
    assert.ok((await content(tree, 'holes')).equals(holes));
    await assert.rejects(content(tree, 'etc'), WrongKindError);
    assert.throws(() => tree.find('nothing'), NoSuchPathError);
  });
}

test('merges layers as an overlay mount does', async () => {
  const base = layer([
    directory('etc/', { mode: 0o700 }),
    file('etc/keep', 'base'),
    file('etc/gone', 'x'),
    directory('var/'),
    file('var/old', 'x'),
    directory('opt/a/'),
    file('opt/a/x', 'x'),
    file('was-file', 'x'),
    directory('was-folder/'),
    file('was-folder/inside', 'x'),
    file('target', 'of a link above'),
    directory('usr/lib/'),
    symlink('lib', 'usr/lib'),
    device('null', 'char', 1, 3),
  ]);
  const top = layer([
    file('etc/keep', 'top'),
    whiteout('etc/gone'),
    whiteout('never/there'),
    opaque('var'),
    file('var/new', 'y'),
    whiteout('opt/a'),
    file('opt/a/y', 'y'),
    directory('was-file/'),
    file('was-folder', 'now a file'),
    hardlink('linked', 'target'),
    hardlink('dangling', 'no/such'),
    device('forged', 'char', 0, 0),
    file('../outside', 'x'),
  ]);
  const tree = await open(base, top);
  assert.deepEqual(paths(tree), [
    'etc',
    'etc/keep',
    'lib',
    'linked',
    'never',
    'null',
    'opt',
    'opt/a',
    'opt/a/y',
    'target',
    'usr',
    'usr/lib',
    'var',
    'var/new',
    'was-file',
    'was-folder',
  ]);
  assert.equal(String(await content(tree, 'etc/keep')), 'top');
  assert.equal(String(await content(tree, 'linked')), 'of a link above');
  assert.equal(tree.find('etc/keep').facts.layer, 2);
  // The upper layer only implies the directory, and so does not change it.
  assert.deepEqual([tree.find('etc').facts.mode, tree.find('etc').facts.layer], [0o700, 1]);
  assert.equal(tree.find('was-folder').facts.type, 'file');
  assert.equal(String(await content(tree.below(2), 'etc/keep')), 'base');
  assert.deepEqual(paths(tree.below(1)), []);
});

test('follows links within the image, and detects loops', async () => {
  const tree = await open(
    layer([
      directory('usr/bin/'),
      file('usr/bin/tool', 'tool'),
      symlink('bin', 'usr/bin'),
      symlink('absolute', '/bin/tool'),
      symlink('up', '../../../../usr/bin/tool'),
      symlink('one', 'two'),
      symlink('two', 'one'),
      file('bin/behind', 'a link'),
    ]),
  );
  for (const path of ['bin/tool', 'absolute', 'up']) assert.equal(String(await content(tree, path)), 'tool', path);
  assert.equal(String(await content(tree, 'usr/bin/behind')), 'a link');
  assert.throws(() => tree.find('one'), NoSuchPathError);
  assert.equal(tree.find('one', false).facts.linkname, 'two');
});

test('follows chains of hard links into lower layers', async () => {
  const base = layer([file('file', 'base'), fifo('fifo'), device('null', 'char', 1, 3), symlink('link', 'file')]);
  const top = layer([
    hardlink('early', 'second'),
    hardlink('first', 'file'),
    hardlink('second', 'first'),
    hardlink('third', 'd/second'),
    symlink('d', '.'),
    hardlink('pipe', 'fifo'),
    hardlink('pipe-too', 'pipe'),
    hardlink('device', 'null'),
    hardlink('symlink', 'link'),
    hardlink('one', 'other'),
    hardlink('other', 'one'),
  ]);
  const tree = await open(base, top);
  for (const path of ['early', 'first', 'second', 'third'])
    assert.equal(String(await content(tree, path)), 'base', path);
  const types = ['pipe', 'pipe-too', 'device', 'symlink'].map(path => tree.find(path, false).facts.type);
  assert.deepEqual(types, ['fifo', 'fifo', 'char', 'symlink']);
  assert.equal(tree.tryFind('one'), undefined);
});

test('tells names apart that look alike because they are not UTF-8', async () => {
  const names = ['caf\xe9', 'caf\xe8', 'caf\xef\xbf\xbd', 'the\xef\xbf\xbdE9'].map(name => Buffer.from(name, 'latin1'));
  const tree = await open(layer(names.map((name, at) => file(name, `content ${at}`))));
  const nodes = [...tree.walk()];
  assert.equal(new Set(nodes.map(({ path }) => shownPath(path))).size, 4);
  for (const [at, node] of nodes.entries()) {
    const shown = shownPath(node.path);
    assert.ok(shown.isWellFormed());
    assert.equal(String(await content(tree, shown)), `content ${at}`);
    assert.equal(String(await content(tree, node.path)), `content ${at}`);
  }
  assert.equal(shownPath('plain/ä€'), 'plain/ä€');
});

test('lists an image of which one entry is thousands of directories deep', async () => {
  const deep = 'd/'.repeat(1500);
  const tree = await open(
    layer([
      directory(deep),
      symlink('l', deep),
      directory(`l/${deep}`),
      directory(`x/${'d/'.repeat(6000)}`),
      file('z', 'z'),
    ]),
  );
  const nodes = [...tree.walk()];
  assert.equal(nodes.length, 3002);
  assert.equal(String(await content(tree, 'z')), 'z');
});

test('opens and reads a layer again without any request', async () => {
  const built = layer([file('a', 'content of a')]);
  await open(built);
  const before = blobRequests();
  const tree = await open(built);
  assert.equal(String(await content(tree, 'a')), 'content of a');
  assert.equal(blobRequests(), before);
});

test('replaces a listing that is damaged on disk', async () => {
  const built = layer([file('a', 'content of a')]);
  await open(built);
  const [listing = ''] = globSync('cache/indexes/**/*.index', { cwd: pulling.root });
  truncateSync(join(pulling.root, listing), 40);
  assert.deepEqual(paths(await open(built)), ['a']);
});

test('downloads a blob again that was removed from the cache', async () => {
  const built = layer([file('a', 'content of a')]);
  const tree = await open(built);
  await pulling.layerWork.store.prune(0);
  assert.equal(String(await content(tree, 'a')), 'content of a');
});

function overwrite(path: string, at: number, bytes: Uint8Array): void {
  chmodSync(path, 0o644);
  const file = openSync(path, 'r+');
  writeSync(file, bytes, 0, bytes.length, at);
  closeSync(file);
}

test('reads a file near the end of a gzip layer without inflating what precedes it', async () => {
  const built = layer([file('big', randomBytes(24 << 20)), file('late', 'near the end')]);
  const tree = await open(built);
  // Reading the beginning would fail.
  overwrite(pulling.layerWork.store.path(built.digest), 0, Buffer.alloc(1 << 20));
  assert.equal(String(await content(tree, 'late')), 'near the end');
  await assert.rejects(content(tree, 'big'));
});

for (const [name, damage] of Object.entries({
  missing: (path: string): void => rmSync(path),
  'cut short': (path: string): void => truncateSync(path, 100),
  rubbish: (path: string): void => writeFileSync(path, randomBytes(statSync(path).size)),
  'of another version': (path: string): void => writeFileSync(path, readFileSync(path).fill('X', 0, 4)),
  'half written': (path: string): void => {
    renameSync(path, `${path}.1.2.partial`);
    truncateSync(`${path}.1.2.partial`, 5000);
  },
})) {
  test(`reads a layer whose restart points are ${name}`, async () => {
    const built = layer([file('big', randomBytes(12 << 20)), file('late', 'near the end')]);
    await open(built);
    const [points = ''] = globSync('cache/indexes/**/*.points', { cwd: pulling.root });
    damage(join(pulling.root, points));
    const tree = await open(built);
    assert.equal(String(await content(tree, 'late')), 'near the end');
    assert.equal((await content(tree, 'big')).length, 12 << 20);
  });
}

test('refuses content that changed on disk', async () => {
  const built = layer([file('a', 'content of a')], { compression: 'none' });
  const tree = await open(built);
  overwrite(pulling.layerWork.store.path(built.digest), 512, Buffer.from('CONTENT'));
  await assert.rejects(content(tree, 'a'), FileDamagedError);
});

test('refuses a layer whose diff ID differs from the config', async () => {
  const built = { ...layer([file('a', 'x')]), diffId: sha256('something else') };
  await assert.rejects(open(built), DiffIdMismatchError);
  assert.deepEqual(globSync('cache/indexes/**/*.index', { cwd: pulling.root }), []);
});

test('stops reading when cancelled', async () => {
  const tree = await open(layer([file('big', randomBytes(4 << 20))]));
  const controller = new AbortController();
  const reading = tree.read(tree.find('big'), { write: () => controller.abort() }, controller.signal);
  await assert.rejects(reading, { name: 'AbortError' });
});

test('reports what a layer adds, changes and deletes', async () => {
  const base = layer([
    directory('etc/'),
    file('etc/keep', '1'),
    file('etc/same', '1'),
    file('etc/gone', '1'),
    directory('var/'),
    file('var/old', '1'),
  ]);
  const top = layer([
    directory('etc/'),
    file('etc/keep', '2'),
    whiteout('etc/gone'),
    whiteout('etc/never'),
    opaque('var'),
    file('var/new', '2'),
    directory('srv/', { mode: 0o700 }),
  ]);
  const tree = await open(base, top);
  const marks = (number: number, path: string): string[] =>
    layerChanges(tree, number, path)
      .map(({ node, mark }) => `${node.path} ${mark}`)
      .toSorted();
  assert.deepEqual(marks(2, ''), ['etc same', 'srv added', 'var same']);
  assert.deepEqual(marks(2, 'etc'), ['etc/gone deleted', 'etc/keep changed']);
  assert.deepEqual(marks(2, 'var'), ['var/new added', 'var/old deleted']);
  assert.deepEqual(marks(1, 'etc'), ['etc/gone added', 'etc/keep added', 'etc/same added']);
  assert.deepEqual(marks(2, 'no/such'), []);
});
