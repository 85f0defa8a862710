import { setUpPulling } from '../../support/pulling.ts';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmodSync, closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { test } from 'node:test';
import type { LayerFiles } from '../../../src/browse/sources/layerFiles.ts';
import { MergedTree } from '../../../src/browse/tree/mergedTree.ts';
import { LayerListing } from '../../../src/browse/listing/layerListing.ts';
import { LayerScan } from '../../../src/browse/listing/layerScan.ts';
import { DEFAULT_LIMITS } from '../../support/doubles.ts';
import { DiffIdMismatchError } from '../../../src/workers/layerErrors.ts';
import { layerPieces } from '../../../src/browse/pieces/layerPieces.ts';
import { InvalidQueryError } from '../../../src/search/query.ts';
import { searchStages, type StagePorts } from '../../../src/search/stages.ts';
import { estargz } from '../../support/estargz.ts';
import { image, layer, type BuiltLayer } from '../../support/image.ts';
import { status } from '../../support/registry/faults.ts';
import { directory, file, gnuSparse, hardlink, opaque, symlink, tar, whiteout } from '../../support/tar.ts';
import { Searching, type Searched } from './searching.ts';

const { registry, pulling } = await setUpPulling();

async function open(...layers: readonly BuiltLayer[]): Promise<Searching> {
  registry.store.put('search', image({ layers }), 'latest');
  return Searching.open(pulling, `${registry.host}/search:latest`, 'linux/amd64');
}

const places = ({ matches }: Pick<Searched, 'matches'>): string[] =>
  matches.map(({ path, layer, line, column }) => `${path} ${layer} ${line}:${column}`).toSorted();

for (const compression of ['gzip', 'zstd', 'none'] as const) {
  test(`finds what the merged view shows, and nothing else: ${compression}`, async () => {
    const searching = await open(
      layer(
        [
          file('etc/motd', 'needle below\n'),
          file('etc/gone', 'needle gone\n'),
          file('etc/kept', 'one\ntwo needle\n'),
          file('etc/twice', 'needle first\n'),
          directory('etc/'),
          file('etc/twice', 'x needle second\n'),
          directory('opt/'),
          file('opt/hidden', 'needle\n'),
          file('bin/tool', Buffer.from('needle\0')),
          gnuSparse('holes', 200_000, [{ offset: 70_144, data: Buffer.alloc(512, 'needle\n') }]),
          file('target', 'needle linked\n'),
          hardlink('again', 'target'),
          symlink('link', 'target'),
          file('empty'),
        ],
        { compression },
      ),
      layer(
        [
          file('etc/motd', 'a needle above\n'),
          whiteout('etc/gone'),
          opaque('opt'),
          file('opt/new', 'needle\n'),
          hardlink('below', 'etc/kept'),
        ],
        { compression },
      ),
    );
    const searched = await searching.search('needle');
    assert.deepEqual(searched.failures, []);
    // A file with two names is found once, by its name in the archive.
    assert.deepEqual(places(searched), [
      'etc/kept 1 2:5',
      'etc/motd 2 1:3',
      'etc/twice 1 1:3',
      'opt/new 2 1:1',
      'target 1 1:1',
    ]);
    // The binary file was read; hidden, sparse and empty files were not.
    assert.deepEqual(searched.passed, searched.wanted);
    assert.equal(searched.wanted.files, 6);
  });
}

test('limits a search by folder, file, names, case, words and expressions', async () => {
  const searching = await open(
    layer([
      file('etc/a.conf', 'Listen 80\nlistening\n'),
      file('etc/b.txt', 'listen\n'),
      file('usr/etc/a.conf', 'LISTEN\n'),
    ]),
  );
  assert.equal((await searching.search('listen')).matches.length, 4);
  assert.deepEqual(places(await searching.search('listen', { path: 'etc' })), [
    'etc/a.conf 1 1:1',
    'etc/a.conf 1 2:1',
    'etc/b.txt 1 1:1',
  ]);
  assert.deepEqual(places(await searching.search('listen', { path: '/etc/b.txt' })), ['etc/b.txt 1 1:1']);
  assert.deepEqual(places(await searching.search('listen', { include: '*.conf', exclude: '/usr' })), [
    'etc/a.conf 1 1:1',
    'etc/a.conf 1 2:1',
  ]);
  assert.deepEqual(places(await searching.search('listen', { matchCase: true, wholeWord: true })), ['etc/b.txt 1 1:1']);
  assert.deepEqual(places(await searching.search(String.raw`^l\w+ \d`, { isRegex: true })), ['etc/a.conf 1 1:1']);
  assert.deepEqual((await searching.search('listen', { include: '*.none' })).wanted, { files: 0, bytes: 0 });
  await assert.rejects(searching.search('(', { isRegex: true }), InvalidQueryError);
  await assert.rejects(searching.search(''), InvalidQueryError);
});

test('needs no network once the layers are open', async () => {
  const searching = await open(layer([file('a', 'needle')]), layer([file('b', 'needle')]));
  registry.requests.length = 0;
  assert.equal((await searching.search('needle')).matches.length, 2);
  assert.equal((await searching.search('nothing')).matches.length, 0);
  assert.equal(registry.requests.length, 0);
});

test('fetches a layer with a table of contents whole, once, and keeps the table in use', async () => {
  const entries = [
    file('etc/motd', 'hello\nneedle\n'),
    file('big', randomBytes(3 << 20)),
    file('many-chunks', `${'text of a line\n'.repeat(200_000)}needle`),
    hardlink('hard', 'etc/motd'),
  ];
  const searching = await open(estargz(entries));
  const searched = await searching.search('needle');
  assert.deepEqual(searched.failures, []);
  assert.deepEqual(
    searched.matches.map(({ line, column }) => `${line}:${column}`).toSorted(),
    ['200001:1', '2:1'].toSorted(),
  );
  registry.requests.length = 0;
  assert.equal((await searching.search('needle')).matches.length, 2);
  assert.equal(registry.requests.length, 0);
  const again = await Searching.open(pulling, `${registry.host}/search:latest`, 'linux/amd64');
  assert.equal(
    again.tree.root.isDirectory && again.tree.find('etc/motd').content?.layer.files.listing.checksums,
    false,
  );
});

for (const compression of ['gzip', 'none'] as const) {
  test(`skips unwanted content: ${compression}`, async () => {
    const filler = randomBytes(12 << 20);
    const searching = await open(
      layer(
        [
          file('first', 'needle 1\n'),
          file('skipped/one', filler),
          file('middle', `${'x\n'.repeat(100_000)}needle 2\n`),
          file('skipped/two', filler),
          file('last', 'needle 3\n'),
        ],
        { compression },
      ),
    );
    const all = await searching.search('needle');
    const some = await searching.search('needle', { exclude: 'skipped' });
    assert.deepEqual(places(some), ['first 1 1:1', 'last 1 1:1', 'middle 1 100001:1']);
    assert.deepEqual(places(all), places(some));
    assert.equal(some.wanted.files, 3);
  });
}

type Stages = (signal: AbortSignal) => ReturnType<typeof searchStages>;

interface Opening {
  readonly open: (layer: number, signal: AbortSignal) => Promise<LayerFiles>;
  readonly failed: StagePorts['failed'];
}

/** Searches layer by layer, as if they were not open yet. */
function stagesOf(layers: readonly number[], { open, failed }: Opening, path = ''): Stages {
  const unavailable = (): Promise<never> => Promise.reject(new Error('not open yet'));
  return signal =>
    searchStages(
      { layers, path },
      { merged: unavailable, single: unavailable, open: layer => open(layer, signal), failed },
      signal,
    );
}

test('finds matches in small layers while the base is still downloading', async () => {
  const searching = await open(
    layer([file('etc/motd', 'needle below'), file('etc/kept', 'needle'), file('target', 'needle'), directory('opt/')]),
    layer([file('etc/motd', 'needle above'), hardlink('link', 'target'), whiteout('opt')]),
    layer([file('top', 'needle'), whiteout('etc/kept')]),
  );
  const base = Promise.withResolvers<void>();
  const asked: number[] = [];
  const counts: number[] = [];
  const searched = searching.search('needle', {
    stages: stagesOf([1, 2, 3], {
      open: async (number, signal) => {
        asked.push(number);
        if (number === 1) await base.promise;
        return searching.openLayer(number, signal);
      },
      failed: () => assert.fail('all can be opened'),
    }),
    onNews: matches => {
      counts.push(matches);
      // Let the base arrive once two matches are known.
      if (matches === 2) base.resolve();
    },
  });
  const { listed, matches } = await searched;
  assert.deepEqual(asked, [3, 2, 1]);
  assert.equal(listed, 1);
  assert.ok(counts.includes(2), counts.join());
  assert.deepEqual(places({ matches }), ['etc/motd 2 1:1', 'target 1 1:1', 'top 3 1:1']);
});

test('searches the other layers when one cannot be opened', async () => {
  const searching = await open(
    layer([file('a', 'needle')]),
    layer([file('b', 'needle')]),
    layer([file('c', 'needle')]),
  );
  const failures: number[] = [];
  const stages = (...lost: readonly number[]): Stages =>
    stagesOf([1, 2, 3], {
      open: async (number, signal) => {
        if (lost.includes(number)) throw new Error(`${number} is lost`);
        return searching.openLayer(number, signal);
      },
      failed: number => failures.push(number),
    });
  const { matches } = await searching.search('needle', { stages: stages(2) });
  assert.deepEqual(places({ matches }), ['a 1 1:1', 'c 3 1:1']);
  assert.deepEqual(failures, [2]);
  await assert.rejects(searching.search('needle', { stages: stages(1, 2, 3) }), /is lost/);
  // The limit ends the search even while layers are still opening.
  const never = stagesOf([1, 2], {
    open: (number, signal) =>
      number === 2
        ? searching.openLayer(number, signal)
        : new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('left')))),
    failed: () => assert.fail('it was not lost'),
  });
  assert.equal((await searching.search('needle', { stages: never, most: 1 })).limited, true);
});

test('searches one layer, and a path once all layers are open', async () => {
  const searching = await open(layer([file('etc/a', 'needle')]), layer([file('etc/b', 'needle'), file('c', 'needle')]));
  const single = async (number: number): Promise<MergedTree> =>
    MergedTree.ofLayer({ number, files: await searching.openLayer(number, new AbortController().signal) });
  const unused = (): never => assert.fail('not needed');
  const ports = { single, merged: unused, open: unused, failed: unused };
  const alone: Stages = signal => searchStages({ layers: [1, 2], layer: 2, path: '' }, ports, signal);
  assert.deepEqual(places(await searching.search('needle', { stages: alone })), ['c 2 1:1', 'etc/b 2 1:1']);
  const opening = { open: searching.openLayer.bind(searching), failed: unused };
  const below = await searching.search('needle', { path: 'etc', stages: stagesOf([1, 2], opening, 'etc') });
  assert.deepEqual(places(below), ['etc/a 1 1:1', 'etc/b 2 1:1']);
});

test('reports a layer whose content is not what the config names', async () => {
  // Its table of contents can be listed; only a search reads all of it.
  const built = estargz([file('a', 'needle')]);
  registry.store.put('search', image({ layers: [{ ...built, diffId: `sha256:${'0'.repeat(64)}` }] }), 'other');
  const searching = await Searching.open(pulling, `${registry.host}/search:other`, 'linux/amd64');
  const { matches, failures } = await searching.search('needle');
  assert.deepEqual(matches, []);
  assert.deepEqual(
    failures.map(({ layer: number, error }) => [number, error instanceof DiffIdMismatchError]),
    [[1, true]],
  );
});

test('reports a file that only the table of contents has', () => {
  const listing = (...names: readonly string[]): LayerListing => {
    const scan = new LayerScan(`sha256:${'0'.repeat(64)}`, { limits: DEFAULT_LIMITS }, undefined);
    scan.write(tar(...names.map(name => file(name, 'x'))));
    const read = LayerListing.read(scan.end().listing, `sha256:${'0'.repeat(64)}`);
    assert.ok(read);
    return read;
  };
  const listed = listing('b', 'gone', 'a');
  const wanted = [0, 1, 2].map(at => ({ path: listed.path(at), layer: 1, at }));
  const { files, missing, pieces } = layerPieces(listed, wanted, listing('a', 'b'));
  assert.deepEqual([files.map(({ path }) => path), missing.map(({ path }) => path)], [['a', 'b'], ['gone']]);
  assert.equal(pieces.length, 6);
});

test('stops after enough matches', async () => {
  const searching = await open(layer([file('a', 'x\n'.repeat(5000)), file('b', 'x\n'.repeat(5000))]));
  const searched = await searching.search('x', { most: 100 });
  assert.equal(searched.limited, true);
  assert.equal(searched.matches.length, 100);
  assert.equal((await searching.search('x', { most: 10_000 })).matches.length, 10_000);
  assert.equal((await searching.search('x', { most: 10_001 })).limited, false);
});

test('reports matches while it runs, and ends at once when cancelled', async () => {
  const lines = 'a line of text without it\n'.repeat(400_000);
  const searching = await open(layer([file('first', 'needle\n'), file('big', lines)]), layer([file('bigger', lines)]));
  const controller = new AbortController();
  let first: number | undefined;
  const searched = searching.search('needle', {
    signal: controller.signal,
    onNews: matches => {
      first ??= matches;
      controller.abort(new Error('left'));
    },
  });
  await assert.rejects(searched, /left/);
  assert.notEqual(first, undefined);
  // A cancelled search leaves nothing in the way.
  assert.equal((await searching.search('needle')).matches.length, 1);
});

test('ends an expression that would take years', async () => {
  const searching = await open(layer([file('trap', `needle\n${'a'.repeat(60)}!\n`)]));
  const controller = new AbortController();
  const searched = searching.search('(a+)+$', { isRegex: true, signal: controller.signal });
  setTimeout(() => controller.abort(new Error('left')), 300);
  await assert.rejects(searched, /left/);
  assert.equal((await searching.search('needle')).matches.length, 1);
});

test('reports a layer that cannot be read, and searches the others', async t => {
  const first = layer([file('one', 'needle')]);
  const searching = await open(first, layer([file('two', 'needle')]), layer([file('three', 'needle')]));
  rmSync(pulling.layerWork.store.path(first.digest));
  const fault = registry.fault({ path: new RegExp(`/blobs/${first.digest}`) }, status(404));
  t.after(() => fault.remove());
  const searched = await searching.search('needle');
  assert.deepEqual(places(searched), ['three 3 1:1', 'two 2 1:1']);
  assert.deepEqual(
    searched.failures.map(({ layer: number }) => number),
    [1],
  );
  assert.match(String(searched.failures[0]?.error), /does not have blob/);
});

test('reports a blob that has changed on disk', async () => {
  for (const compression of ['gzip', 'none'] as const) {
    const built = layer([file('one', 'needle\n'), file('two', Buffer.alloc(2000, 'y'))], { compression });
    const searching = await open(built);
    const path = pulling.layerWork.store.path(built.digest);
    chmodSync(path, 0o644);
    const bytes = readFileSync(path);
    const at = compression === 'none' ? bytes.indexOf('yyyy') : bytes.length >> 1;
    const handle = openSync(path, 'r+');
    writeSync(handle, Buffer.of((bytes[at] ?? 0) ^ 0xff), 0, 1, at);
    closeSync(handle);
    const searched = await searching.search('needle');
    assert.equal(searched.failures.length, 1, compression);
    assert.match(String(searched.failures[0]?.error), /has changed on disk|is damaged|ends within/, compression);
  }
});
