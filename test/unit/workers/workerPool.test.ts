import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import type { LayerJob } from '../../../src/workers/layerJob.ts';
import { silentLogger } from '../../support/doubles.ts';
import { WorkerPool, type JobContext } from '../../../src/workers/workerPool.ts';
import { anonymousAuthorizer } from '../../support/doubles.ts';

/** A worker whose jobs return their thread's number. */
const script = new URL(
  `data:text/javascript,import { parentPort, threadId } from 'node:worker_threads';
  parentPort.on('message', ({ number }) => parentPort.postMessage({ number, type: 'done', result: [String(threadId)] }));`,
);
const context: JobContext = {
  authorizer: anonymousAuthorizer,
  logger: silentLogger,
  onProgress: () => undefined,
  signal: new AbortController().signal,
};

test('a prepared thread takes the first job, and no second one is prepared', async () => {
  const pool = new WorkerPool(script, 2);
  try {
    const before = await nextThread();
    pool.prepare();
    pool.prepare();
    assert.equal(await nextThread(), before + 2, 'one thread was started, before any job');
    assert.deepEqual(await pool.runJob('finish', [], context), [String(before + 1)]);
    pool.prepare();
    assert.equal(await nextThread(), before + 3, 'the idle thread is enough');
  } finally {
    await pool.dispose();
  }
});

test('worker threads have a lower priority', { skip: process.platform !== 'linux' }, async () => {
  const pool = new WorkerPool(new URL('../../../src/workers/worker.ts', import.meta.url), 1);
  const own = getPriority();
  try {
    await pool.runJob('finish', [], context);
    assert.equal(getPriority(), own, 'the calling thread keeps its own');
    const lower = Math.max(own, 10);
    assert.ok(
      threadPriorities().some(([thread, priority]) => thread !== process.pid && priority === lower),
      'one of the other threads has the lower priority',
    );
  } finally {
    await pool.dispose();
  }
});

/**
 * Returns the nice value of each thread (proc_pid_stat(5): the name in brackets is field 2, the
 * value field 19).
 */
function threadPriorities(): [number, number][] {
  return readdirSync('/proc/self/task').map(thread => {
    const stat = readFileSync(`/proc/self/task/${thread}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return [Number(thread), Number(fields[16])];
  });
}

test('runs as many jobs at once as the size says when they start', async () => {
  // A worker that reports when a job starts, and ends it on cancellation.
  const held = new URL(
    `data:text/javascript,import { parentPort } from 'node:worker_threads';
    parentPort.on('message', ({ number, type }) => parentPort.postMessage(type === 'abort' ? { number, type: 'done', result: [] } : { number, type: 'progress' }));`,
  );
  let size = 1;
  const pool = new WorkerPool(held, () => size);
  /** Runs jobs that end once `together` have started. Returns the most that ran at once. */
  const mostOf = async (jobs: number, together: number): Promise<number> => {
    const running = new Set<AbortController>();
    let most = 0;
    const run = async (): Promise<void> => {
      const end = new AbortController();
      const onProgress = (): void => {
        running.add(end);
        most = Math.max(most, running.size);
        if (running.size >= together) for (const each of running) each.abort();
      };
      await pool.runJob('finish', [], { ...context, onProgress, signal: end.signal });
      running.delete(end);
    };
    await Promise.all(Array.from({ length: jobs }, run));
    return most;
  };
  try {
    assert.equal(await mostOf(3, 1), 1);
    size = 3;
    assert.equal(await mostOf(3, 3), 3, 'the same pool takes more');
  } finally {
    await pool.dispose();
  }
});

test('a thread that waits for bytes gets the next layers too, as far as there are connections', async () => {
  // A worker that says at each job's start that it waits for bytes, and ends jobs on cancellation.
  const starving = new URL(
    `data:text/javascript,import { parentPort, threadId } from 'node:worker_threads';
    parentPort.on('message', ({ number, type }) => {
      if (type === 'abort') return parentPort.postMessage({ number, type: 'done', result: { size: threadId } });
      parentPort.postMessage({ number, type: 'progress' });
      parentPort.postMessage({ type: 'starving' });
    });`,
  );
  const pool = new WorkerPool(starving, 1);
  const job = {} as LayerJob;
  try {
    const ends: AbortController[] = [];
    const full = Promise.withResolvers<void>();
    const run = (kind: 'layer' | 'finish'): Promise<unknown> => {
      const end = new AbortController();
      const onProgress = (): void => {
        if (ends.push(end) === 8) full.resolve();
      };
      const own = { ...context, onProgress, signal: end.signal };
      return kind === 'layer' ? pool.runJob('layer', job, own) : pool.runJob('finish', [], own);
    };
    const layers = Array.from({ length: 9 }, () => run('layer'));
    const other = run('finish');
    await full.promise;
    // Its answer comes after any ninth job's.
    await new Promise(resolve => setImmediate(resolve));
    assert.equal(ends.length, 8);
    assert.equal(pool.free, 0);
    for (let at = 0; at < 10; at++) {
      while (!ends[at]) await new Promise(resolve => setImmediate(resolve));
      ends[at]?.abort();
    }
    const threads = (await Promise.all(layers)).map(result => (result as { size: number }).size);
    assert.equal(new Set(threads).size, 1, 'all in one thread');
    await other;
  } finally {
    await pool.dispose();
  }
});

test('a job that is cancelled while it waits leaves its place', async () => {
  const held = new URL(
    `data:text/javascript,import { parentPort } from 'node:worker_threads';
    parentPort.on('message', ({ number, type }) => parentPort.postMessage(type === 'abort' ? { number, type: 'done', result: [] } : { number, type: 'progress' }));`,
  );
  const pool = new WorkerPool(held, 1);
  try {
    const [first, second] = [new AbortController(), new AbortController()];
    const started = Promise.withResolvers<void>();
    const running = pool.runJob('finish', [], {
      ...context,
      signal: first.signal,
      onProgress: () => started.resolve(),
    });
    await started.promise;
    const waiting = pool.runJob('finish', [], { ...context, signal: second.signal });
    second.abort(new Error('enough'));
    await assert.rejects(waiting, /enough/);
    first.abort();
    await running;
  } finally {
    await pool.dispose();
  }
});

/** Returns the number of a new thread. Numbers are consecutive. */
async function nextThread(): Promise<number> {
  const worker = new Worker('', { eval: true });
  const { threadId } = worker;
  await worker.terminate();
  return threadId;
}
