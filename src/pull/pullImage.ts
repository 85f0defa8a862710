import { fetchLayer, type LayerWork } from '../workers/layerWork.ts';
import type { Origin } from '../registry/origin.ts';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { releaseLock, takeLock } from '../blobs/lockFile.ts';
import type { Digest } from '../oci/digest.ts';
import type { Layer } from '../oci/layer.ts';
import { formatPlatform } from '../oci/platform.ts';
import { formatReference } from '../oci/reference.ts';
import type { UnpackLimits } from '../layers/unpack/unpack.ts';
import { layersForTwoThreads } from '../workers/sharedUnpack.ts';
import {
  claimImageFolder,
  FolderBusyError,
  layerFolder,
  LOCK,
  writeImageFolder,
  type FolderLayer,
  type ImageFolder,
} from './imageFolder.ts';
import { isLayerPulled } from './isLayerPulled.ts';
import type { LayerProgress, LayerResult } from '../workers/layerJob.ts';
import { blobPath, hasLayoutDocuments, writeOciLayout } from '../layout/ociLayout.ts';
import { readLayers, type Transfer } from '../workers/readLayers.ts';
import type { ResolvedImage } from '../oci/image.ts';

export interface PullOptions {
  readonly image: ResolvedImage;
  readonly origin: Origin;
  /** The image's folder; made when it is not there. */
  readonly folder: string;
  readonly limits: UnpackLimits;
  readonly report: (transfer: Transfer) => void;
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
export async function pullImage(work: LayerWork, options: PullOptions): Promise<PulledImage> {
  const { image, folder } = options;
  const there = await claimImageFolder(describe(image, folder, []));
  const lock = join(folder, LOCK);
  if (!takeLock(lock)) throw new FolderBusyError(folder);
  try {
    return await new Pull(work, options, there).pull();
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
  readonly #work: LayerWork;
  readonly #options: PullOptions;
  /** As peel.json has them; a layer has its `folder` once it is unpacked. */
  readonly #layers: FolderLayer[];
  readonly #results: (LayerResult | undefined)[];
  readonly #forTwoThreads: ReadonlySet<Layer>;
  /** What peel.json says. */
  readonly #complete: boolean;
  /** Warnings of the last step. */
  #finishing: readonly string[] = [];

  constructor(work: LayerWork, options: PullOptions, there: ImageFolder | undefined) {
    this.#work = work;
    this.#options = options;
    this.#forTwoThreads = layersForTwoThreads(options.image.layers, work.workers.free);
    this.#complete = there?.complete === true;
    this.#layers = options.image.layers.map((layer, at) => there?.layers[at] ?? folderLayer(layer));
    this.#results = options.image.layers.map(() => undefined);
  }

  async pull(): Promise<PulledImage> {
    const { folder } = this.#options;
    if (!(await this.#isWhole())) {
      // First, for a folder that does not say what it is belongs to somebody else.
      await this.#save(false);
      await Promise.all(
        ['layers', 'overlay/upper', 'overlay/work', 'merged'].map(name =>
          mkdir(join(folder, name), { recursive: true }),
        ),
      );
      await this.#pullLayers();
      await this.#fixAcrossLayers();
      const layers = this.#results.filter(isPresent).map(({ size, unpacked }) => ({ size, ...unpacked }));
      await writeOciLayout(folder, this.#options.image, layers);
      await this.#save(true);
    }
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
    return isLayerPulled(this.#options.folder, layer, this.#layers[layer.number - 1]);
  }

  /** Starts with the largest layers, so that no thread is left alone with one of them at the end. */
  async #pullLayers(): Promise<void> {
    const largestFirst = [...this.#options.image.layers].sort((a, b) => b.descriptor.size - a.descriptor.size);
    await readLayers(largestFirst, this.#options, (layer, onProgress, signal) =>
      this.#pullLayer(layer, onProgress, signal),
    );
  }

  /** What takes all layers: hard links into lower ones, directories that a layer does not describe. */
  async #fixAcrossLayers(): Promise<void> {
    const { folder, origin, signal } = this.#options;
    const { workers, logger } = this.#work;
    const folders = this.#layers.map(({ number }) => join(folder, layerFolder(number)));
    const files = folders.map(layer => ({ folder: layer, sidecar: `${layer}.json` }));
    const context = { authorizer: origin.authorizer, logger, signal, onProgress: () => undefined };
    this.#finishing = await workers.runJob('finish', files, context);
  }

  async #pullLayer(layer: Layer, onProgress: (progress: LayerProgress) => void, signal: AbortSignal): Promise<void> {
    const at = layer.number - 1;
    const result = (await this.#pulledBefore(layer)) ?? (await this.#fetch(layer, onProgress, signal));
    if (result.cached) onProgress({ read: result.size, downloaded: 0 });
    this.#results[at] = result;
    const { diffId, compression } = result.unpacked ?? {};
    this.#layers[at] = {
      ...folderLayer(layer),
      size: result.size,
      folder: layerFolder(layer.number),
      ...(diffId ? { diffId } : {}),
      ...(compression ? { compression } : {}),
    };
    await this.#save(false);
  }

  async #fetch(layer: Layer, onProgress: (progress: LayerProgress) => void, signal: AbortSignal): Promise<LayerResult> {
    const { image, origin, folder, limits } = this.#options;
    const { digest } = layer.descriptor;
    const target = join(folder, layerFolder(layer.number));
    const shared = this.#forTwoThreads.has(layer);
    const unpack = { folder: target, sidecar: `${target}.json`, limits, shared, diffId: layer.diffId };
    const { repository } = image.reference;
    const result = await fetchLayer(this.#work, { layer, repository, origin, unpack, onProgress, signal });
    await this.#work.store.linkTo(digest, blobPath(folder, digest));
    return result;
  }

  /** What an earlier try finished: peel.json names a layer's folder only after it was verified and renamed. */
  async #pulledBefore(layer: Layer): Promise<LayerResult | undefined> {
    const { digest, diffId, compression, size, folder } = this.#layers[layer.number - 1] ?? {};
    if (!folder || !diffId || !compression || !digest || size === undefined) return undefined;
    if (!(await this.#hasLayer(layer))) return undefined;
    return { digest, size, cached: true, unpacked: { diffId, compression, tarSize: 0, entries: 0, warnings: [] } };
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
