import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { silentLogger } from '../../../src/oci/logger.ts';
import { WorkerPool, type JobContext } from '../../../src/pull/workerPool.ts';
import { anonymousAuthorizer } from '../../../src/registry/authorizer.ts';

/** A worker that answers every job with its thread's number. */
const script = new URL(
  `data:text/javascript,import { parentPort, threadId } from 'node:worker_threads';
  parentPort.on('message', () => parentPort.postMessage({ type: 'done', result: [String(threadId)] }));`,
);
const context: JobContext = {
  authorizer: anonymousAuthorizer,
  logger: silentLogger,
  onProgress: () => undefined,
  signal: new AbortController().signal,
};

test('a thread that was prepared takes the first job, and no second one is prepared', async () => {
  const pool = new WorkerPool(script, 2);
  try {
    const before = await nextThread();
    pool.prepare();
    pool.prepare();
    assert.equal(await nextThread(), before + 2, 'one thread was started, before any job');
    assert.deepEqual(await pool.run('finish', [], context), [String(before + 1)]);
    pool.prepare();
    assert.equal(await nextThread(), before + 3, 'the thread that rests will do');
  } finally {
    await pool.dispose();
  }
});

/** The number of a new thread: they are counted on. */
async function nextThread(): Promise<number> {
  const worker = new Worker('', { eval: true });
  const { threadId } = worker;
  await worker.terminate();
  return threadId;
}
