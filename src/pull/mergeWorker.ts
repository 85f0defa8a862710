import { parentPort, workerData } from 'node:worker_threads';
import { InflateEngine } from '../layers/inflate/engine.ts';
import { mergeLayers } from '../layers/merge.ts';
import { wasmGzip } from '../layers/wasmGzip.ts';
import { BlobFiles } from './blobFiles.ts';
import { giveWay } from './giveWay.ts';
import type { MergeJob, MergeMessage } from './mergeJob.ts';
import { wireError } from './wiredError.ts';

/** The body of a thread that merges one image's layers and ends. It is cancelled by ending it. */
async function main(job: MergeJob, say: (message: MergeMessage) => void): Promise<void> {
  const { layers, folder, limits } = job;
  const source = new BlobFiles(job, say);
  const engine = InflateEngine.load();
  const inflaters = engine ? { gzip: wasmGzip(engine) } : {};
  try {
    const warnings = await mergeLayers(source, layers, { folder, limits, inflaters }, new AbortController().signal);
    say({ type: 'done', warnings });
  } catch (error) {
    say({ type: 'failed', error: wireError(error) });
  }
}

const port = parentPort;
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origins
if (port) {
  giveWay();
  void main(workerData, message => port.postMessage(message));
}
