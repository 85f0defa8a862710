import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BlobLayer } from '../browse/blobLayer.ts';
import type { LayerFiles } from '../browse/layerFiles.ts';
import { LayerIndex } from '../browse/layerIndex.ts';
import { RestartPoints } from '../browse/points.ts';
import type { BlobStore } from '../blobs/store.ts';
import type { UnpackLimits } from '../layers/unpack.ts';
import { digestAlgorithm, digestHex, type Digest } from '../oci/digest.ts';
import type { Layer } from '../oci/layer.ts';
import type { LayerJob, LayerProgress } from './layerJob.ts';
import type { Origin, Puller } from './pullImage.ts';

/** Where a layer is to be had, and how much it may hold. */
export interface BrowseRequest {
  readonly layer: Pick<Layer, 'descriptor' | 'diffId'>;
  readonly repository: string;
  readonly origin: () => Promise<Origin>;
  readonly limits: UnpackLimits;
  readonly onProgress: (progress: LayerProgress) => void;
}

/**
 * Opens one layer for browsing: by the index that was kept when it was opened before, without any request; else by one pass over its blob in a thread, which
 * verifies it and keeps blob and index. @throws what a layer job throws
 */
export async function browseLayer(puller: Puller, request: BrowseRequest, signal: AbortSignal): Promise<LayerFiles> {
  const { digest } = request.layer.descriptor;
  const paths = indexPaths(puller.store, digest);
  let index = await keptIndex(paths.index, digest);
  if (!index) {
    await runPass(puller, request, signal, paths);
    index = await keptIndex(paths.index, digest);
  }
  if (!index) throw new IndexLostError(digest);
  return new BlobLayer({
    index,
    blob: async reading => {
      if (!(await puller.store.has(digest, request.layer.descriptor.size))) await runPass(puller, request, reading);
      return puller.store.path(digest);
    },
    points: () => RestartPoints.read(paths.points),
  });
}

/** The index was written and could not be read again. */
export class IndexLostError extends Error {
  constructor(digest: Digest) {
    super(
      `The index of layer ${digest} was made, but cannot be read. Another program may have emptied the cache; try again.`,
    );
    this.name = 'IndexLostError';
  }
}

interface IndexPaths {
  readonly index: string;
  readonly points: string;
}

/** Beside the blobs, so that cleaning the cache takes them too. */
function indexPaths(store: BlobStore, digest: Digest): IndexPaths {
  const stem = join(store.root, 'indexes', digestAlgorithm(digest), digestHex(digest));
  return { index: `${stem}.index`, points: `${stem}.points` };
}

async function keptIndex(path: string, digest: Digest): Promise<LayerIndex | undefined> {
  const bytes = await readFile(path).catch(() => undefined);
  return bytes && LayerIndex.read(bytes, digest);
}

/** One pass over the blob. Without `paths` it is only brought into the cache. */
async function runPass(puller: Puller, request: BrowseRequest, signal: AbortSignal, paths?: IndexPaths): Promise<void> {
  const { layer, repository, limits, onProgress } = request;
  const { descriptor, diffId } = layer;
  const { registry, transport, authorizer } = await request.origin();
  const index = paths && { path: paths.index, pointsPath: paths.points, limits, ...(diffId ? { diffId } : {}) };
  const job: LayerJob = {
    blob: descriptor,
    registry,
    repository,
    transport,
    blobPath: puller.store.path(descriptor.digest),
    ...(index ? { index } : {}),
  };
  const context = { authorizer, logger: puller.logger, onProgress, signal };
  await puller.transfers.run(descriptor.digest, signal, () => puller.workers.run('layer', job, context));
}
