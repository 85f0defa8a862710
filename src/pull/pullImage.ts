import type { Puller } from '../workers/puller.ts';
import type { Origin } from '../registry/origin.ts';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { releaseLock, takeLock } from '../blobs/lockFile.ts';
import type { Digest } from '../oci/digest.ts';
import type { Layer } from '../oci/layer.ts';
import { formatPlatform } from '../oci/platform.ts';
import { formatReference } from '../oci/reference.ts';
import type { UnpackLimits } from '../layers/unpack/unpack.ts';
import { helpedLayers } from '../workers/sharedUnpack.ts';
import {
  claimImageFolder,
  FolderBusyError,
  layerFolder,
  LOCK,
  writeImageFolder,
  type FolderLayer,
  type ImageFolder,
} from './imageFolder.ts';
import { isLayerKept } from './isLayerWhole.ts';
import type { LayerJob, LayerProgress, LayerResult } from '../workers/layerJob.ts';
import { blobPath, hasLayoutDocuments, writeOciLayout } from '../layout/ociLayout.ts';
import { PullMeter, type PullProgress } from './pullMeter.ts';
import type { ResolvedImage } from '../oci/image.ts';

export interface PullOptions {
  readonly image: ResolvedImage;
  readonly origin: Origin;
  /** The image's folder; made when it is not there. */
  readonly folder: string;
  readonly limits: UnpackLimits;
  readonly onProgress: (progress: PullProgress) => void;
  readonly signal: AbortSignal;
}

/** A pulled image: every layer downloaded, verified and unpacked. */
export interface PulledImage {
  readonly folder: string;
  readonly reference: string;
  readonly digest: Digest;
  readonly platform: string;
  /** Base first; `path` is the unpacked layer's folder, `size` the blob's bytes. */
  readonly layers: readonly {
    readonly digest: Digest;
    readonly diffId: Digest;
    readonly size: number;
    readonly path: string;
  }[];
  /** What the unpacking left out or changed, in words. */
  readonly warnings: readonly string[];
}

/**
 * Downloads, verifies and unpacks an image into a folder of product shape. A pull that was broken off goes on: layers that are whole are kept, blobs in the store are
 * not fetched again, partial ones are completed.
 * @throws {FolderTakenError} @throws {FolderBusyError} and what the layer jobs throw; the first failure ends the others
 */
export async function pullImage(puller: Puller, options: PullOptions): Promise<PulledImage> {
  const { image, folder } = options;
  const there = await claimImageFolder(describe(image, folder, []));
  const lock = join(folder, LOCK);
  if (!takeLock(lock)) throw new FolderBusyError(folder);
  try {
    return await new Pull(puller, options, there).run();
  } finally {
    releaseLock(lock);
  }
}

function describe(image: ResolvedImage, folder: string, layers: readonly FolderLayer[]): ImageFolder {
  return {
    folder,
    reference: formatReference(image.reference),
    digest: image.manifestDigest,
    mediaType: image.manifest.mediaType,
    platform: formatPlatform(image.platform),
    complete: false,
    layers,
  };
}

/** One pull under way. */
class Pull {
  readonly #puller: Puller;
  readonly #options: PullOptions;
  readonly #meter: PullMeter;
  /** As peel.json has them; a layer has its `folder` once it is unpacked. */
  readonly #layers: FolderLayer[];
  readonly #results: (LayerResult | undefined)[];
  readonly #helped: ReadonlySet<Layer>;
  /** What peel.json says. */
  readonly #complete: boolean;
  /** Warnings of the last step. */
  #finishing: readonly string[] = [];

  constructor(puller: Puller, options: PullOptions, there: ImageFolder | undefined) {
    this.#puller = puller;
    this.#options = options;
    this.#helped = helpedLayers(options.image.layers, puller.workers.free);
    this.#complete = there?.complete === true;
    this.#layers = options.image.layers.map((layer, at) => there?.layers[at] ?? folderLayer(layer));
    this.#results = options.image.layers.map(() => undefined);
    this.#meter = new PullMeter(options.image.layers, options.onProgress);
  }

  async run(): Promise<PulledImage> {
    const { folder } = this.#options;
    if (!(await this.#isWhole())) {
      // First, for a folder that does not say what it is belongs to somebody else.
      await this.#save(false);
      await Promise.all(
        ['layers', 'overlay/upper', 'overlay/work', 'merged'].map(name =>
          mkdir(join(folder, name), { recursive: true }),
        ),
      );
      await this.#runLayers();
      await this.#finishLayers();
      const layers = this.#results.filter(isPresent).map(({ size, unpacked }) => ({ size, ...unpacked }));
      await writeOciLayout(folder, this.#options.image, layers);
      await this.#save(true);
    }
    this.#meter.end();
    return this.#outcome();
  }

  /** A folder that was whole once may have lost a part since. */
  async #isWhole(): Promise<boolean> {
    if (!this.#complete) return false;
    const { folder, image } = this.#options;
    const layers = await Promise.all(image.layers.map(layer => this.#hasLayer(layer)));
    return layers.every(Boolean) && (await hasLayoutDocuments(folder, image, this.#layers));
  }

  #hasLayer(layer: Layer): Promise<boolean> {
    return isLayerKept(this.#options.folder, layer, this.#layers[layer.number - 1]);
  }

  /** Biggest first, so that no thread is left alone with the biggest at the end. The first failure stops the others. */
  async #runLayers(): Promise<void> {
    const failure = new AbortController();
    const signal = AbortSignal.any([this.#options.signal, failure.signal]);
    const order = [...this.#options.image.layers].sort((a, b) => b.descriptor.size - a.descriptor.size);
    const outcomes = await Promise.allSettled(
      order.map(layer =>
        this.#runLayer(layer, signal).catch((error: unknown) => {
          failure.abort(error);
          throw error;
        }),
      ),
    );
    this.#options.signal.throwIfAborted();
    if (failure.signal.aborted) throw failure.signal.reason;
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  /** What takes all layers: hard links into lower ones, directories that a layer does not describe. */
  async #finishLayers(): Promise<void> {
    const { folder, origin, signal } = this.#options;
    const { workers, logger } = this.#puller;
    const folders = this.#layers.map(({ number }) => join(folder, layerFolder(number)));
    const files = folders.map(layer => ({ folder: layer, sidecar: `${layer}.json` }));
    const context = { authorizer: origin.authorizer, logger, signal, onProgress: () => undefined };
    this.#finishing = await workers.run('finish', files, context);
  }

  async #runLayer(layer: Layer, signal: AbortSignal): Promise<void> {
    const at = layer.number - 1;
    const result = (await this.#kept(layer)) ?? (await this.#bring(layer, signal));
    this.#results[at] = result;
    const { diffId, compression } = result.unpacked ?? {};
    this.#layers[at] = {
      ...folderLayer(layer),
      size: result.size,
      folder: layerFolder(layer.number),
      ...(diffId ? { diffId } : {}),
      ...(compression ? { compression } : {}),
    };
    this.#meter.layerDone(layer.number, result);
    await this.#save(false);
  }

  async #bring(layer: Layer, signal: AbortSignal): Promise<LayerResult> {
    const { transfers, store } = this.#puller;
    const { digest } = layer.descriptor;
    const result = await transfers.run(digest, signal, () => this.#work(layer, signal));
    await store.linkTo(digest, blobPath(this.#options.folder, digest));
    return result;
  }

  #work(layer: Layer, signal: AbortSignal): Promise<LayerResult> {
    const { workers, logger } = this.#puller;
    const helped = this.#helped.has(layer);
    if (helped) workers.prepare(2);
    const onProgress = (progress: LayerProgress) => this.#meter.layerProgress(layer.number, progress);
    return workers.run('layer', this.#job(layer, helped), {
      authorizer: this.#options.origin.authorizer,
      logger,
      signal,
      onProgress,
    });
  }

  /** What an earlier try finished: peel.json names a layer's folder only after it was verified and renamed. */
  async #kept(layer: Layer): Promise<LayerResult | undefined> {
    const { digest, diffId, compression, size, folder } = this.#layers[layer.number - 1] ?? {};
    if (!folder || !diffId || !compression || !digest || size === undefined) return undefined;
    if (!(await this.#hasLayer(layer))) return undefined;
    return { digest, size, cached: true, unpacked: { diffId, compression, tarSize: 0, entries: 0, warnings: [] } };
  }

  #job(layer: Layer, helped: boolean): LayerJob {
    const { image, origin, folder, limits } = this.#options;
    const target = join(folder, layerFolder(layer.number));
    return {
      blob: layer.descriptor,
      registry: origin.registry,
      repository: image.reference.repository,
      transport: origin.transport,
      blobPath: this.#puller.store.path(layer.descriptor.digest),
      unpack: {
        folder: target,
        sidecar: `${target}.json`,
        limits,
        helped,
        ...(layer.diffId ? { diffId: layer.diffId } : {}),
      },
    };
  }

  #saving: Promise<void> = Promise.resolve();
  #waiting: Promise<void> | undefined;

  /** One after the other: two layers may end in the same moment. Whoever comes while one waits for its turn is saved by that one. */
  #save(complete: boolean): Promise<void> {
    if (this.#waiting && !complete) return this.#waiting;
    const save = async () => {
      this.#waiting = undefined;
      await writeImageFolder({ ...describe(this.#options.image, this.#options.folder, this.#layers), complete });
    };
    this.#saving = this.#saving.then(save);
    this.#waiting = this.#saving;
    return this.#saving;
  }

  #outcome(): PulledImage {
    const { image, folder } = this.#options;
    return {
      folder,
      reference: formatReference(image.reference),
      digest: image.manifestDigest,
      platform: formatPlatform(image.platform),
      layers: this.#layers.map(({ number, digest, diffId, size }) => {
        if (!diffId) throw new Error(`Layer ${number} has no diff ID after the pull`);
        return { digest, diffId, size, path: join(folder, layerFolder(number)) };
      }),
      warnings: [
        ...this.#results.flatMap((result, at) =>
          (result?.unpacked?.warnings ?? []).map(text => `Layer ${at + 1}: ${text}`),
        ),
        ...this.#finishing,
      ],
    };
  }
}

function folderLayer({ number, descriptor, diffId, createdBy }: Layer): FolderLayer {
  return {
    number,
    digest: descriptor.digest,
    size: descriptor.size,
    ...(diffId ? { diffId } : {}),
    ...(createdBy ? { createdBy } : {}),
  };
}

function isPresent<T>(value: T | undefined): value is T {
  return value !== undefined;
}
