import type { Logger } from '../oci/logger.ts';
import type { KeyedMutex } from '../blobs/keyedMutex.ts';
import type { WorkerPool } from './workerPool.ts';
import type { BlobStore } from '../blobs/store.ts';
/** What every pull shares: where blobs are kept, who works, how the network is reached. */
export interface Puller {
  readonly store: BlobStore;
  readonly workers: WorkerPool;
  /** One download per digest, however many ask. */
  readonly transfers: KeyedMutex;
  readonly logger: Logger;
}
