import { parentPort, workerData } from 'node:worker_threads';
import { InflateEngine } from '../layers/compression/inflate/engine.ts';
import type { Inflaters } from '../layers/compression/decompress.ts';
import { wasmGzip } from '../layers/compression/wasmGzip.ts';
import { BlobFiles } from './blobFiles.ts';
import { lowerThreadPriority } from '../workers/lowerThreadPriority.ts';
import type { MergeMessage } from './mergeJob.ts';
import { serializeError } from '../workers/errorTransfer.ts';
import { type Bundle, FolderBundle, TarBundle } from './bundle.ts';
import type { ExportJob } from './exportJob.ts';
import { bundleDockerArchive, bundleOciLayout } from './imageBundle.ts';
import { writeRootfsTar } from './rootfsTar.ts';

/** The body of a thread that exports one image. Terminating the thread cancels it. */
async function main(job: ExportJob, send: (message: MergeMessage) => void): Promise<void> {
  try {
    send({ type: 'done', warnings: await writeExport(job, new BlobFiles(job, send)) });
  } catch (error) {
    send({ type: 'failed', error: serializeError(error) });
  }
}

async function writeExport(job: ExportJob, source: BlobFiles): Promise<readonly string[]> {
  const engine = InflateEngine.load();
  const inflaters: Inflaters = engine ? { gzip: wasmGzip(engine) } : {};
  const { signal } = new AbortController();
  if (job.format === 'rootfs-tar')
    return writeRootfsTar(source, job.layers, { file: job.target, limits: job.limits, inflaters }, signal);
  const bundle: Bundle = job.format === 'oci-layout' ? new FolderBundle(job.target) : new TarBundle(job.target);
  try {
    const write = job.format === 'docker-archive' ? bundleDockerArchive : bundleOciLayout;
    await write({ source, job, bundle, inflaters }, signal);
    bundle.end();
  } catch (error) {
    bundle.close();
    throw error;
  }
  return [];
}

const port = parentPort;
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no
// origins
if (port) {
  lowerThreadPriority();
  void main(workerData, message => port.postMessage(message));
}
