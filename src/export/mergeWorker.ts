import { parentPort, workerData } from 'node:worker_threads';
import { InflateEngine } from '../layers/compression/inflate/engine.ts';
import { mergeLayers } from '../layers/unpack/merge.ts';
import { wasmGzip } from '../layers/compression/wasmGzip.ts';
import { BlobFiles } from './blobFiles.ts';
import { lowerThreadPriority } from '../workers/lowerThreadPriority.ts';
import type { MergeJob, MergeMessage } from './mergeJob.ts';
import { serializeError } from '../workers/errorTransfer.ts';

/** The body of a thread that merges one image's layers. Terminating the thread cancels it. */
async function main(job: MergeJob, send: (message: MergeMessage) => void): Promise<void> {
  const { layers, folder, limits } = job;
  const source = new BlobFiles(job, send);
  const engine = InflateEngine.load();
  const inflaters = engine ? { gzip: wasmGzip(engine) } : {};
  try {
    const warnings = await mergeLayers(source, layers, { folder, limits, inflaters }, new AbortController().signal);
    send({ type: 'done', warnings });
  } catch (error) {
    send({ type: 'failed', error: serializeError(error) });
  }
}

const port = parentPort;
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no
// origins
if (port) {
  lowerThreadPriority();
  void main(workerData, message => port.postMessage(message));
}
