import { closeSync, openSync, readSync, statSync, unlinkSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { PartialFile } from '../blobs/partialFile.ts';
import { Verifier } from '../blobs/verifier.ts';
import { MismatchError } from '../oci/mismatchErrors.ts';
import { refuseEncrypted } from '../layers/errors.ts';
import type { BlobSource, Sink } from '../oci/byteSource.ts';
import { ListingWriter } from './listingWriter.ts';
import { withRemedy } from './layerErrors.ts';
import type { LayerJob, LayerProgress, LayerResult } from './layerJob.ts';
import { startUnpacking, type Tools } from './unpacking.ts';

/**
 * Brings one layer's blob into the store and, when asked, unpacks it or notes what is in it, in one pass over the bytes as they come: from the store, from what an earlier try left, from the
 * source. The blob's digest and the tar's diff ID are checked before anything gets its final name.
 * @throws {DigestMismatchError} @throws {SizeMismatchError} after a second try with fresh bytes
 * @throws {DiffIdMismatchError} @throws {DiskFullError} and what the source and the unpacker throw
 */
export async function runLayerJob(
  job: LayerJob,
  source: BlobSource,
  onProgress: (progress: LayerProgress) => void,
  signal: AbortSignal,
  tools: Tools,
): Promise<LayerResult> {
  try {
    return await onePass(job, source, onProgress, signal, tools);
  } catch (error) {
    if (error instanceof MismatchError) return await onePass(job, source, onProgress, signal, tools);
    throw withRemedy(error, job.unpack?.folder ?? job.blobPath);
  }
}

async function onePass(
  job: LayerJob,
  source: BlobSource,
  onProgress: (progress: LayerProgress) => void,
  signal: AbortSignal,
  tools: Tools,
): Promise<LayerResult> {
  signal.throwIfAborted();
  if (job.unpack ?? job.index) refuseEncrypted(job.blob.mediaType);
  const verifier = new Verifier(job.blob.digest, job.blob.size);
  const unpacking = job.unpack && startUnpacking(job.unpack, job.blob.digest, tools);
  let last: LayerProgress = { read: 0, downloaded: 0 };
  const tell = (progress: LayerProgress): void => onProgress((last = progress));
  const listing = job.listing
    ? new ListingWriter(job.blob.digest, job.listing, tools.engine, found => onProgress({ ...last, found }))
    : undefined;
  try {
    const sinks = [verifier, unpacking, listing].filter(sink => sink !== undefined);
    const cached = hasBlob(job);
    if (cached) await replay(job.blobPath, sinks, verifier, tell, signal);
    else await download(job, source, sinks, verifier, tell, signal);
    listing?.finish();
    const unpacked = await unpacking?.finish();
    return { digest: job.blob.digest, size: verifier.count, cached, ...(unpacked ? { unpacked } : {}) };
  } catch (error) {
    listing?.abandon();
    throw (await unpacking?.abandon(error)) ?? error;
  }
}

function hasBlob(job: LayerJob): boolean {
  const stat = statSync(job.blobPath, { throwIfNoEntry: false });
  return stat !== undefined && stat.isFile() && (job.blob.size < 0 || stat.size === job.blob.size);
}

/** The blob is in the store. It was verified when it came, and is again: disks fail, and files can be changed. */
async function replay(
  path: string,
  sinks: readonly Sink[],
  verifier: Verifier,
  onProgress: (progress: LayerProgress) => void,
  signal: AbortSignal,
): Promise<void> {
  const buffer = Buffer.allocUnsafe(CHUNK);
  const fd = openSync(path, 'r');
  try {
    for (let count = readSync(fd, buffer); count > 0; count = readSync(fd, buffer)) {
      for (const sink of sinks) sink.write(buffer.subarray(0, count));
      onProgress({ read: verifier.count, downloaded: 0 });
      await breathe(signal);
    }
    verifier.end();
  } catch (error) {
    if (error instanceof MismatchError) unlinkSync(path);
    throw error;
  } finally {
    closeSync(fd);
  }
}

/** Takes what an earlier try left, then the rest from the source. */
async function download(
  job: LayerJob,
  source: BlobSource,
  sinks: readonly Sink[],
  verifier: Verifier,
  onProgress: (progress: LayerProgress) => void,
  signal: AbortSignal,
): Promise<void> {
  const partial = new PartialFile(job.blobPath);
  try {
    for (const chunk of partial.leftovers()) {
      for (const sink of sinks) sink.write(chunk);
      onProgress({ read: verifier.count, downloaded: 0 });
      await breathe(signal);
    }
    const before = partial.length;
    const write = (chunk: Uint8Array) => {
      partial.write(chunk);
      for (const sink of sinks) sink.write(chunk);
      onProgress({ read: verifier.count, downloaded: verifier.count - before });
    };
    if (job.blob.size < 0 || before < job.blob.size) await source.read(job.blob, before, { write }, signal);
    verifier.end();
  } catch (error) {
    if (error instanceof MismatchError) partial.discard();
    else partial.keep();
    throw error;
  }
  partial.commit();
}

const CHUNK = 1 << 20;

/** Lets the thread hear of a cancel between two synchronous pieces of work. */
async function breathe(signal: AbortSignal): Promise<void> {
  await setImmediate();
  signal.throwIfAborted();
}
