import { availableParallelism } from 'node:os';
import type { KeyedMutex } from '../../blobs/keyedMutex.ts';
import type { BlobStore } from '../../blobs/store.ts';
import { localAddress } from '../../layout/localAddress.ts';
import type { ResolvedImage } from '../../oci/image.ts';
import type { Logger } from '../../oci/logger.ts';
import type { PulledImage } from '../../pull/pullImage.ts';
import type { LayerWork } from '../../workers/layerWork.ts';
import type { TransferWatch } from '../../workers/readLayers.ts';
import type { Registries } from '../registries/registries.ts';
import type { Settings } from '../settings/settings.ts';

/** Threads by default: each has a connection to the registry at least. */
const MOST_THREADS = 8;

/** The arguments of one pull. */
export interface PullRequest extends TransferWatch {
  readonly image: ResolvedImage;
  /** Absolute. */
  readonly folder: string;
  /** The OCI layout to pull from, if not from the registry. */
  readonly layout?: string;
}

/** The cache can't be emptied while a download needs it. */
export class PullUnderWayError extends Error {
  constructor() {
    super("The cache can't be cleared during a download. Wait until it finishes, or cancel it.");
    this.name = 'PullUnderWayError';
  }
}

/** The blob cache and the threads that fill it, created on first use. */
export class Pulls {
  readonly #cacheFolder: string;
  readonly #registries: Registries;
  readonly #settings: () => Settings;
  readonly #log: Logger;
  #running = 0;
  #threads = 1;
  #made: Promise<{ layerWork: LayerWork; folders: KeyedMutex }> | undefined;

  /** @param cacheFolder the blob store's folder */
  constructor(cacheFolder: string, registries: Registries, settings: () => Settings, log: Logger) {
    this.#cacheFolder = cacheFolder;
    this.#registries = registries;
    this.#settings = settings;
    this.#log = log;
  }

  /** Starts a thread ahead of a pull, while its manifest is being fetched. */
  async prepare(): Promise<void> {
    (await this.#parts()).layerWork.workers.prepare();
  }

  /**
   * Pulls an image into a folder. If another pull into the folder is running, waits for it and
   * reuses its result.
   * @throws what `pullImage` of `src/pull` throws
   */
  async pull({ image, folder, layout, report, signal }: PullRequest): Promise<PulledImage> {
    const [{ layerWork, folders }, { pullImage }] = await Promise.all([
      this.#parts(),
      import('../../pull/pullImage.ts'),
    ]);
    const { maxBytes, maxEntries } = this.#settings();
    const { registry } = image.reference;
    const remote = await this.#registries.originOf(registry);
    const local = layout === undefined ? {} : { registry: { name: registry, url: localAddress(layout) } };
    const origin = { ...remote, ...local };
    const limits = { maxBytes, maxEntries };
    return this.#busy(() =>
      folders.exclusively(folder, signal, () =>
        pullImage(layerWork, { image, origin, folder, limits, report, signal }),
      ),
    );
  }

  /** Empties the cache. @returns bytes freed @throws {PullUnderWayError} */
  async clear(): Promise<number> {
    if (this.#running > 0) throw new PullUnderWayError();
    return (await this.store()).clear();
  }

  /** Runs work on single layers with what it needs from `src/pull`. */
  async use<T>(work: (layerWork: LayerWork) => Promise<T>): Promise<T> {
    const { layerWork } = await this.#parts();
    return this.#busy(() => work(layerWork));
  }

  async store(): Promise<BlobStore> {
    return (await this.#parts()).layerWork.store;
  }

  async dispose(): Promise<void> {
    if (this.#made) await (await this.#made).layerWork.workers.dispose();
  }

  /** Counts the work that uses the cache; the last to finish prunes it. */
  async #busy<T>(work: () => Promise<T>): Promise<T> {
    // Applies a changed setting from the next layer on.
    this.#threads = this.#settings().concurrency ?? Math.min(availableParallelism(), MOST_THREADS);
    this.#running++;
    try {
      return await work();
    } finally {
      this.#running--;
      if (this.#running === 0) await this.#prune();
    }
  }

  async #prune(): Promise<void> {
    try {
      await (await this.store()).prune(this.#settings().cacheSize);
    } catch (error) {
      // The pull itself succeeded, so a cache that stays too large must not fail it.
      this.#log.warn(`The cache could not be pruned: ${String(error)}`);
    }
  }

  #parts(): Promise<{ layerWork: LayerWork; folders: KeyedMutex }> {
    this.#made ??= this.#make();
    return this.#made;
  }

  async #make(): Promise<{ layerWork: LayerWork; folders: KeyedMutex }> {
    const [{ BlobStore }, { KeyedMutex }, { WorkerPool }] = await Promise.all([
      import('../../blobs/store.ts'),
      import('../../blobs/keyedMutex.ts'),
      import('../../workers/workerPool.ts'),
    ]);
    const layerWork = {
      store: new BlobStore(this.#cacheFolder),
      workers: new WorkerPool(new URL('./worker.js', import.meta.url), () => this.#threads),
      transfers: new KeyedMutex(),
      logger: this.#log,
    };
    return { layerWork, folders: new KeyedMutex() };
  }
}
