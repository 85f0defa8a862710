import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { DigestMismatchError } from '../../../src/oci/mismatchErrors.ts';
import { LimitExceededError } from '../../../src/layers/errors.ts';
import { readSidecar } from '../../../src/layers/unpack/sidecar.ts';
import { type UnpackLimits } from '../../../src/layers/unpack/unpack.ts';
import { DEFAULT_LIMITS } from '../../support/doubles.ts';
import type { Layer } from '../../../src/oci/layer.ts';
import { silentLogger } from '../../support/doubles.ts';
import { layersForTwoThreads } from '../../../src/workers/sharedUnpack.ts';
import { DiffIdMismatchError, DiskFullError, WorkerCrashedError } from '../../../src/workers/layerErrors.ts';
import type { LayerResult } from '../../../src/workers/layerJob.ts';
import { WorkerPool } from '../../../src/workers/workerPool.ts';
import { anonymousAuthorizer } from '../../support/doubles.ts';
import { defaultConfig } from '../../../src/registry/config.ts';
import { DEFAULT_TRANSPORT } from '../../../src/registry/http/transportOptions.ts';
import { image, layer, type BuiltLayer } from '../../support/image.ts';
import { corrupt, pauseAt } from '../../support/registry/faults.ts';
import { startRegistry, type Registry } from '../../support/registry/registry.ts';
import { directory, file, hardlink, symlink, tar, whiteout } from '../../support/tar.ts';
import { requireRoot, requireTool } from '../../support/tools.ts';
import { compareTrees, readTree, TREE_TOOLS } from '../../support/tree.ts';
import { Pulling } from '../../support/pulling.ts';

const MIB = 1 << 20;
const worker = new URL('../../../src/workers/worker.ts', import.meta.url);

/** Bytes that hardly compress, several times the size of a pipe. */
function noise(size: number, seed: number): Buffer {
  const words = Uint32Array.from({ length: size / 4 }, (_, at) => Math.imul(at + seed, 2654435761) ^ Math.imul(at, at));
  return Buffer.from(words.buffer);
}

const content = tar(
  directory('./'),
  directory('small/'),
  ...Array.from({ length: 7 }, (_, at) => directory(`small/${at}/`)),
  directory('etc/', { mode: 0o750 }),
  file('etc/motd', 'hello\n', { mtime: 1234 }),
  file('big', noise(9 * MIB, 1)),
  hardlink('name', 'big'),
  symlink('link', 'etc'),
  ...Array.from({ length: 500 }, (_, at) => file(`small/${at % 7}/${at}`, `${at}\n`.repeat(at))),
  whiteout('etc/gone'),
  file('last', noise(3 * MIB, 2)),
);
const gzip = layer(content);
const zstd = layer(content, { compression: 'zstd' });
const plain = layer(content, { compression: 'none' });
/** The archive ends within the last file, but the blob is complete. */
const brokenTar = layer(content.subarray(0, content.length - MIB));
/** The archive is malformed from its middle on, long before the end of the blob. */
const damagedTar = layer(Buffer.concat([content.subarray(0, MIB / 2), noise(9 * MIB, 3)]));
const junk = layer(content, { blob: Buffer.concat([gzip.blob, Buffer.from('junk')]) });

let registry: Registry;
before(async () => {
  registry = await startRegistry();
  registry.store.put('app', image({ layers: [gzip, zstd, plain, brokenTar, damagedTar, junk] }), 'all');
});
after(() => registry.close());

let root: string;
let pool: WorkerPool;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'peel-shared-'));
  pool = new WorkerPool(worker, 1);
});
afterEach(async () => {
  registry.faults.clear();
  await pool.dispose();
  rmSync(root, { recursive: true, force: true });
});

interface Terms {
  readonly shared?: boolean;
  readonly folder?: string;
  readonly limits?: UnpackLimits;
  readonly diffId?: BuiltLayer['diffId'];
  readonly signal?: AbortSignal;
  readonly workers?: WorkerPool;
  readonly onProgress?: () => void;
}

/** Runs one layer's job, with a cache of its own. */
function unpack(built: BuiltLayer, name: string, terms: Terms = {}): Promise<LayerResult> {
  const { shared = true, limits = DEFAULT_LIMITS, diffId = built.diffId, workers = pool } = terms;
  const folder = terms.folder ?? join(root, name);
  const signal = terms.signal ?? new AbortController().signal;
  const job = {
    blob: { mediaType: 'application/octet-stream', digest: built.digest, size: built.blob.length },
    registry: defaultConfig(registry.host),
    repository: 'app',
    transport: { ...DEFAULT_TRANSPORT, retryDelay: 5 },
    blobPath: join(root, `${name}.cache`, 'blob'),
    unpack: { folder, sidecar: `${folder}.json`, limits, diffId, shared },
  };
  const context = { authorizer: anonymousAuthorizer, logger: silentLogger, onProgress: terms.onProgress ?? (() => {}) };
  return workers.runJob('layer', job, { ...context, signal });
}

/** Returns the names in the root, except for caches. */
function left(): string[] {
  return readdirSync(root).filter(name => !name.endsWith('.cache'));
}

describe('a layer unpacked by two threads', { skip: requireTool(...TREE_TOOLS) }, () => {
  for (const [name, built] of Object.entries({ gzip, zstd, plain })) {
    test(`${name}: equals what one thread unpacks`, async () => {
      const alone = await unpack(built, 'alone', { shared: false });
      const shared = await unpack(built, 'shared');
      assert.deepEqual(shared, alone);
      assert.deepEqual(compareTrees(readTree(join(root, 'alone')), readTree(join(root, 'shared'))), []);
      assert.deepEqual(readSidecar(join(root, 'shared.json')), readSidecar(join(root, 'alone.json')));
      assert.ok(existsSync(join(root, 'shared.cache/blob')));
    });
  }

  test('is unpacked from the cache too, and with junk after its end', async () => {
    const first = await unpack(junk, 'first');
    assert.match(first.unpacked?.warnings.join() ?? '', /4 bytes after the end/);
    const again = await unpack(junk, 'first');
    assert.deepEqual(again, { ...first, cached: true });
    assert.deepEqual(left(), ['first', 'first.json']);
  });

  test('starts again after one corrupt download, and fails cleanly after two', async () => {
    registry.fault({ path: new RegExp(gzip.digest), times: 1 }, corrupt(gzip.blob.length / 2));
    await unpack(gzip, 'once');
    registry.fault({ path: new RegExp(plain.digest) }, corrupt(plain.blob.length - MIB));
    await assert.rejects(unpack(plain, 'always'), DigestMismatchError);
    registry.fault({ path: new RegExp(zstd.digest) }, corrupt(MIB));
    await assert.rejects(unpack(zstd, 'packed'), DigestMismatchError);
    assert.deepEqual(left(), ['once', 'once.json']);
  });

  test('reports a malformed archive like one thread', async () => {
    for (const built of [brokenTar, damagedTar]) {
      const problem = async (terms: Terms): Promise<string> => {
        const error: unknown = await unpack(built, 'bad', terms).catch((thrown: unknown) => thrown);
        return error instanceof Error ? `${error.name}: ${error.message}` : '';
      };
      const alone = await problem({ shared: false });
      assert.match(alone, /^(Invalid|Truncated)LayerError: /);
      assert.equal(await problem({}), alone);
    }
    assert.deepEqual(left(), []);
  });

  test('refuses a wrong diff ID, and more files than allowed', async () => {
    await assert.rejects(unpack(gzip, 'lying', { diffId: zstd.digest }), DiffIdMismatchError);
    await assert.rejects(unpack(gzip, 'bytes', { limits: { ...DEFAULT_LIMITS, maxBytes: MIB } }), LimitExceededError);
    await assert.rejects(unpack(gzip, 'many', { limits: { ...DEFAULT_LIMITS, maxEntries: 9 } }), LimitExceededError);
    assert.deepEqual(left(), []);
  });

  test('leaves nothing after a cancellation at any time, and takes the next job', async () => {
    for (const at of [0, 1000, 5 * MIB, plain.blob.length]) {
      const cancel = new AbortController();
      registry.fault(
        { path: new RegExp(plain.digest), times: 1 },
        pauseAt(at, () => cancel.abort(new Error('cancelled by the test'))),
      );
      const outcome = await unpack(plain, 'app', { signal: cancel.signal }).catch(String);
      // A job that has all its bytes may end before it receives the cancellation.
      if (typeof outcome === 'string') {
        assert.match(outcome, /cancelled by the test/);
        assert.deepEqual(left(), []);
      }
      rmSync(join(root, 'app.cache'), { recursive: true, force: true });
      rmSync(join(root, 'app'), { recursive: true, force: true });
      rmSync(join(root, 'app.json'), { force: true });
    }
    await unpack(plain, 'app');
  });

  test('ends at once on a full disk', { skip: requireRoot() }, async () => {
    const disk = join(root, 'disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'peel-test', disk]);
    try {
      // The rest is sent only after the job has ended.
      const ended = Promise.withResolvers<void>();
      registry.fault(
        { path: new RegExp(plain.digest) },
        pauseAt(8 * MIB, () => ended.promise),
      );
      const job = unpack(plain, 'full', { folder: join(disk, 'app') });
      await assert.rejects(job, DiskFullError);
      ended.resolve();
      assert.deepEqual(readdirSync(disk), []);
    } finally {
      execFileSync('umount', [disk]);
    }
  });
});

describe('when one of the two threads ends unexpectedly', () => {
  /** The real worker, which ends when it receives a job of a kind, or a while later. */
  const dying = (kind: string, wait: number) =>
    new URL(
      `data:text/javascript,import { parentPort } from 'node:worker_threads';
      const end = () => process.exit(1);
      parentPort.on('message', ({ work }) => work?.kind === '${kind}' %26%26 (${wait} ? setTimeout(end, ${wait}) : end()));
      await import('${worker.href}');`,
    );

  for (const [name, kind, wait] of [
    ['the helper', 'tar', 0],
    ['the one that is shared', 'layer', 300],
  ] as const) {
    test(`${name}: the job fails, and neither waits for ever`, async () => {
      const workers = new WorkerPool(dying(kind, wait), 1);
      const ended = Promise.withResolvers<void>();
      registry.fault(
        { path: new RegExp(plain.digest) },
        pauseAt(6 * MIB, () => ended.promise),
      );
      await assert.rejects(unpack(plain, 'app', { workers }), WorkerCrashedError);
      ended.resolve();
      await workers.dispose();
      assert.ok(!existsSync(join(root, 'app')));
    });
  }
});

test('a pull unpacks its one large layer with two threads', async t => {
  const pulling = new Pulling();
  try {
    const large = layer([file('large', noise(20 * MIB, 4))], { compression: 'none' });
    registry.store.put('app', image({ layers: [layer([directory('etc/')]), large] }), 'large');
    const run = t.mock.method(pulling.layerWork.workers, 'runJob');
    const { folder } = await pulling.pull(`${registry.host}/app:large`, 'app');
    assert.equal(readFileSync(join(folder, 'layers/2/large')).compare(noise(20 * MIB, 4)), 0);
    const jobs = run.mock.calls.map(({ arguments: [kind, job] }) => JSON.stringify({ kind, job }));
    assert.deepEqual(
      jobs.map(job => /"kind":"layer".*"shared":(true|false)/.exec(job)?.[1]),
      ['true', 'false', undefined],
      'the largest layer, the other one, then the end',
    );
  } finally {
    await pulling.end();
  }
});

test('chooses the layers that would hold up a pull', () => {
  const layers = (...sizes: number[]): Layer[] =>
    sizes.map((size, at) => ({
      number: at + 1,
      descriptor: { mediaType: '', digest: gzip.digest, size: size * MIB },
    }));
  const shared = (threads: number, ...sizes: number[]) =>
    [...layersForTwoThreads(layers(...sizes), threads)].map(({ number }) => number);
  assert.deepEqual(shared(2, 100), [1]);
  assert.deepEqual(shared(1, 100), [], 'only one thread');
  assert.deepEqual(shared(2, 10), [], 'done before another thread has started');
  assert.deepEqual(shared(2, 20, 100, 30), [2], 'larger than the others together');
  assert.deepEqual(shared(2, 60, 100, 50), [], 'enough work for both threads');
  assert.deepEqual(shared(8, 60, 100, 50), [2, 1, 3], 'threads without other work');
  assert.deepEqual(shared(4, 60, 100, 50), [2]);
  assert.deepEqual(shared(8, -1 / MIB, 100), [2], 'schema 1 states no sizes');
});
