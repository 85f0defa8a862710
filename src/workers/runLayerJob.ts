import { closeSync, openSync, readSync, statSync, unlinkSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { PartialFile } from '../blobs/partialFile.ts';
import { Verifier } from '../blobs/verifier.ts';
import { refuseEncrypted } from '../layers/errors.ts';
import type { Ahead, BlobSource, Sink } from '../oci/byteSource.ts';
import type { Connections } from './connections.ts';
import { ListingWriter } from './listingWriter.ts';
import { MismatchError } from '../oci/mismatchErrors.ts';
import { withRemedy } from './layerErrors.ts';
import type { LayerJob, LayerProgress, LayerResult } from './layerJob.ts';
import { startUnpacking, type Tools } from './unpacking.ts';

/** A layer job with what it runs on. */
export interface LayerRun {
  readonly job: LayerJob;
  readonly source: BlobSource;
  readonly tools: Tools;
  /** Lets the download use several; absent where one is enough. */
  readonly connections?: Pick<Connections, 'watch'>;
  readonly onProgress: (progress: LayerProgress) => void;
  readonly signal: AbortSignal;
}

/**
 * Downloads one layer's blob into the store and, when asked, unpacks or lists it, in one pass over
 * the bytes as they come: from the store, from an earlier attempt's partial file, from the source.
 * The blob's digest and the tar's diff ID are checked before anything gets its final name.
 * @throws {MismatchError} after a second attempt with fresh bytes
 * @throws {DiffIdMismatchError} @throws {DiskFullError} and what the source and the unpacker throw
 */
export async function runLayerJob(run: LayerRun): Promise<LayerResult> {
  try {
    return await processLayer(run);
  } catch (error) {
    // Over one connection, in case ranges are what the place gets wrong.
    if (error instanceof MismatchError) return await processLayer(withoutConnections(run));
    throw withRemedy(error, run.job.unpack?.folder ?? run.job.blobPath);
  }
}

function withoutConnections({ connections: _connections, ...run }: LayerRun): LayerRun {
  return run;
}

async function processLayer(run: LayerRun): Promise<LayerResult> {
  const { job, tools, onProgress, signal } = run;
  signal.throwIfAborted();
  const { digest, size, mediaType } = job.blob;
  if (job.unpack ?? job.listing) refuseEncrypted(mediaType);
  const verifier = new Verifier(digest, size);
  let last: LayerProgress = { read: 0, downloaded: 0 };
  const report = (progress: LayerProgress): void => onProgress((last = progress));
  const unpacking = job.unpack && startUnpacking(job.unpack, digest, tools);
  const listing =
    job.listing && new ListingWriter(digest, job.listing, tools.engine, found => onProgress({ ...last, found }));
  try {
    const sinks = [verifier, unpacking, listing].filter(sink => sink !== undefined);
    const cached = hasBlob(job);
    if (cached) await replay({ ...run, onProgress: report }, sinks, verifier);
    else await download({ ...run, onProgress: report }, sinks, verifier);
    listing?.finish();
    const unpacked = await unpacking?.finish();
    return { digest, size: verifier.count, cached, ...(unpacked ? { unpacked } : {}) };
  } catch (error) {
    listing?.abandon();
    throw (await unpacking?.abandon(error)) ?? error;
  }
}

function hasBlob(job: LayerJob): boolean {
  const stat = statSync(job.blobPath, { throwIfNoEntry: false });
  return stat !== undefined && stat.isFile() && (job.blob.size < 0 || stat.size === job.blob.size);
}

/** Reads the blob from the store, and verifies it again: disks fail, and files can be changed. */
async function replay(
  { job: { blobPath }, onProgress, signal }: LayerRun,
  sinks: readonly Sink[],
  verifier: Verifier,
): Promise<void> {
  const buffer = Buffer.allocUnsafe(CHUNK);
  const fd = openSync(blobPath, 'r');
  try {
    for (let count = readSync(fd, buffer); count > 0; count = readSync(fd, buffer)) {
      for (const sink of sinks) sink.write(buffer.subarray(0, count));
      onProgress({ read: verifier.count, downloaded: 0 });
      await breathe(signal);
    }
    verifier.end();
  } catch (error) {
    if (error instanceof MismatchError) unlinkSync(blobPath);
    throw error;
  } finally {
    closeSync(fd);
  }
}

/** Reads an earlier attempt's partial file, then the rest from the source. */
async function download(
  { job, source, connections, onProgress, signal }: LayerRun,
  sinks: readonly Sink[],
  verifier: Verifier,
): Promise<void> {
  const partial = new PartialFile(job.blobPath);
  const ahead: Ahead | undefined = connections && {
    left: partial.pieces,
    create: start => partial.piece(start),
    watch: download => connections.watch(download),
  };
  try {
    for (const chunk of partial.leftovers()) {
      for (const sink of sinks) sink.write(chunk);
      onProgress({ read: verifier.count, downloaded: 0 });
      await breathe(signal);
    }
    const before = partial.length;
    const left = partial.ahead;
    const write = (chunk: Uint8Array) => {
      partial.write(chunk);
      for (const sink of sinks) sink.write(chunk);
      const there = verifier.count + partial.ahead;
      onProgress({ read: there, downloaded: there - before - left });
    };
    if (job.blob.size < 0 || before < job.blob.size) await source.read(job.blob, before, { write }, signal, ahead);
    verifier.end();
  } catch (error) {
    if (error instanceof MismatchError) partial.discard();
    else partial.keep();
    throw error;
  }
  partial.commit();
}

const CHUNK = 1 << 20;

/** Lets the thread receive a cancellation between two synchronous pieces of work. */
async function breathe(signal: AbortSignal): Promise<void> {
  await setImmediate();
  signal.throwIfAborted();
}
