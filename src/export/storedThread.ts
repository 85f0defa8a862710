import { Worker } from 'node:worker_threads';
import { WorkerCrashedError } from '../workers/layerErrors.ts';
import type { TransferWatch } from '../workers/readLayers.ts';
import type { MergeMessage, StoredLayers } from './mergeJob.ts';
import { deserializeError } from '../workers/errorTransfer.ts';

/**
 * Runs a thread that reads stored layers, and reports its progress. Aborting terminates the thread,
 * and its caller then removes what it wrote. Returns warnings.
 * @param passes how often the thread reads each layer
 * @throws {WorkerCrashedError}, what the thread throws, and the signal's reason
 */
export async function runStoredThread(
  script: URL,
  job: StoredLayers,
  { report, signal }: TransferWatch,
  passes = 1,
): Promise<readonly string[]> {
  signal.throwIfAborted();
  const total = job.layers.some(({ descriptor }) => descriptor.size < 0)
    ? 0
    : passes * job.layers.reduce((sum, { descriptor }) => sum + descriptor.size, 0);
  const worker = new Worker(script, { workerData: job });
  const outcome = Promise.withResolvers<readonly string[]>();
  worker.on('message', (message: MergeMessage) => {
    if (message.type === 'done') outcome.resolve(message.warnings);
    else if (message.type === 'failed') outcome.reject(deserializeError(message.error));
    else
      report({
        done: message.read,
        downloaded: 0,
        total,
        layersDone: message.layersDone,
        layers: passes * job.layers.length,
      });
  });
  worker.on('error', cause => outcome.reject(new WorkerCrashedError({ cause })));
  worker.on('exit', () => outcome.reject(new WorkerCrashedError()));
  const stop = (): void => outcome.reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await outcome.promise;
  } finally {
    signal.removeEventListener('abort', stop);
    await worker.terminate();
  }
}
