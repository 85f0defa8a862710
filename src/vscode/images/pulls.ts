import { availableParallelism } from 'node:os';
import type { BlobStore } from '../../blobs/store.ts';
import type { KeyedMutex } from '../../blobs/keyedMutex.ts';
import type { Logger } from '../../oci/logger.ts';
import type { PulledImage } from '../../pull/pullImage.ts';
import type { LayerWork } from '../../workers/layerWork.ts';
import type { TransferWatch } from '../../workers/readLayers.ts';
import type { ResolvedImage } from '../../oci/image.ts';
import type { Registries } from '../registries/registries.ts';
import type { Settings } from '../settings/settings.ts';

/** What one pull is told. */
export interface PullRequest extends TransferWatch {
  readonly image: ResolvedImage;
  /** Absolute. */
  readonly folder: string;
}

/** The cache is in use. */
export class PullUnderWayError extends Error {
  constructor() {
    super('A download is under way and needs the cache. Wait for its end or cancel it, then clean the cache.');
    this.name = 'PullUnderWayError';
  }
}

/** The cache of blobs and the threads that fill it, made when first needed. */
export class Pulls {
  readonly #cacheFolder: string;
  readonly #registries: Registries;
  readonly #settings: () => Settings;
  readonly #log: Logger;
  #running = 0;
  #threads = 1;
  #made: Promise<{ puller: LayerWork; folders: KeyedMutex }> | undefined;

  /** @param cacheFolder where the blob store keeps its blobs */
  constructor(cacheFolder: string, registries: Registries, settings: () => Settings, log: Logger) {
    this.#cacheFolder = cacheFolder;
    this.#registries = registries;
    this.#settings = settings;
    this.#log = log;
  }

  /** A pull is coming: while its manifest is on the way, a thread starts. */
  async prepare(): Promise<void> {
    (await this.#parts()).puller.workers.prepare();
  }

  /**
   * Pulls an image into a folder. Whoever asks for a folder that is just being pulled into waits, and then finds there what was made.
   * @throws what `pullImage` of the pull room throws
   */
  async pull({ image, folder, report, signal }: PullRequest): Promise<PulledImage> {
    const [{ puller, folders }, { pullImage }] = await Promise.all([this.#parts(), import('../../pull/pullImage.ts')]);
    const { maxBytes, maxEntries } = this.#settings();
    const origin = await this.#registries.originOf(image.reference.registry);
    const limits = { maxBytes, maxEntries };
    return this.#busy(() =>
      folders.run(folder, signal, () => pullImage(puller, { image, origin, folder, limits, report, signal })),
    );
  }

  /** Empties the cache. @returns bytes freed @throws {PullUnderWayError} */
  async clear(): Promise<number> {
    if (this.#running > 0) throw new PullUnderWayError();
    return (await this.store()).clear();
  }

  /** Lends what the pull room's functions for single layers take. */
  async use<T>(work: (puller: LayerWork) => Promise<T>): Promise<T> {
    const { puller } = await this.#parts();
    return this.#busy(() => work(puller));
  }

  async store(): Promise<BlobStore> {
    return (await this.#parts()).puller.store;
  }

  async dispose(): Promise<void> {
    if (this.#made) await (await this.#made).puller.workers.dispose();
  }

  /** Counts the work that reads or writes the cache; whoever is the last cuts it down to its size. */
  async #busy<T>(work: () => Promise<T>): Promise<T> {
    // As the setting is now: the next layers go by it.
    this.#threads = this.#settings().concurrency ?? availableParallelism();
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
      // What was pulled is there; a cache that is too large is no failure of it.
      this.#log.warn(`The cache could not be cut down to its size: ${String(error)}`);
    }
  }

  #parts(): Promise<{ puller: LayerWork; folders: KeyedMutex }> {
    this.#made ??= this.#make();
    return this.#made;
  }

  async #make(): Promise<{ puller: LayerWork; folders: KeyedMutex }> {
    const [{ BlobStore }, { KeyedMutex }, { WorkerPool }] = await Promise.all([
      import('../../blobs/store.ts'),
      import('../../blobs/keyedMutex.ts'),
      import('../../workers/workerPool.ts'),
    ]);
    const puller = {
      store: new BlobStore(this.#cacheFolder),
      workers: new WorkerPool(new URL('./worker.js', import.meta.url), () => this.#threads),
      transfers: new KeyedMutex(),
      logger: this.#log,
    };
    return { puller, folders: new KeyedMutex() };
  }
}
