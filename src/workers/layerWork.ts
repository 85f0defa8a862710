import type { KeyedMutex } from '../blobs/keyedMutex.ts';
import type { BlobStore } from '../blobs/store.ts';
import type { Layer } from '../oci/layer.ts';
import type { Logger } from '../oci/logger.ts';
import type { Origin } from '../registry/origin.ts';
import type { LayerJob, LayerProgress, LayerResult } from './layerJob.ts';
import type { WorkerPool } from './workerPool.ts';

/** What all work on layers shares: the blob cache, the threads, and the transfers under way. */
export interface LayerWork {
  readonly store: BlobStore;
  readonly workers: WorkerPool;
  /** Allows one transfer per digest at a time. */
  readonly transfers: KeyedMutex;
  readonly logger: Logger;
}

/** One layer to fetch, and what to do with its bytes on the way. */
export interface LayerFetch extends Pick<LayerJob, 'unpack' | 'listing'> {
  readonly layer: Pick<Layer, 'descriptor'>;
  readonly repository: string;
  readonly origin: Origin;
  readonly onProgress: (progress: LayerProgress) => void;
  readonly signal: AbortSignal;
}

/**
 * Downloads a layer's blob into the store unless it is there, in a worker thread.
 * @throws what the job throws, and the signal's reason
 */
export async function fetchLayer(
  { store, workers, transfers, logger }: LayerWork,
  { layer, repository, origin, unpack, listing, onProgress, signal }: LayerFetch,
): Promise<LayerResult> {
  const { descriptor } = layer;
  const { registry, transport, authorizer } = origin;
  const blobPath = store.path(descriptor.digest);
  const job: LayerJob = { blob: descriptor, registry, repository, transport, blobPath, unpack, listing };
  let downloaded = 0;
  const count = (progress: LayerProgress): void => {
    downloaded = progress.downloaded;
    onProgress(progress);
  };
  const result = await transfers.exclusively(descriptor.digest, signal, () => {
    if (unpack?.shared) workers.prepare(2);
    return workers.runJob('layer', job, { authorizer, logger, signal, onProgress: count });
  });
  onProgress({ read: result.size, downloaded });
  return result;
}
