import { fetchLayer, type LayerWork } from '../workers/layerWork.ts';
import type { Origin } from '../registry/origin.ts';
import { lstat, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readSidecar } from '../layers/unpack/sidecar.ts';
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
import type { LayerProgress, LayerResult } from '../workers/layerJob.ts';
import { blobPath, hasLayoutDocuments, writeOciLayout } from '../layout/ociLayout.ts';
import { readLayers, type Transfer } from '../workers/readLayers.ts';
import type { ResolvedImage } from '../oci/image.ts';

export interface PullOptions {
  readonly image: ResolvedImage;
  readonly origin: Origin;
  /** The image's folder, created if necessary. */
  readonly folder: string;
  readonly limits: UnpackLimits;
  readonly report: (transfer: Transfer) => void;
  readonly signal: AbortSignal;
}

/** A pulled image, with every layer downloaded, verified and unpacked. */
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
  /** What unpacking left out or changed. */
  readonly warnings: readonly string[];
}

/**
 * Downloads, verifies and unpacks an image into a folder. Resumes an interrupted pull: complete
 * layers and blobs in the store are kept, partial blobs are completed.
 * @throws {FolderTakenError} @throws {FolderBusyError} and what the layer jobs throw; the first
 * failure aborts the others
 */
export async function pullImage(work: LayerWork, options: PullOptions): Promise<PulledImage> {
  const { image, folder } = options;
  const earlier = await claimImageFolder(describe(image, folder, []));
  const lock = join(folder, LOCK);
  if (!takeLock(lock)) throw new FolderBusyError(folder);
  try {
    return await new Pull(work, options, earlier).pull();
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
  /** As in peel.json. A layer has a `folder` once it is unpacked. */
  readonly #layers: FolderLayer[];
  readonly #results: (LayerResult | undefined)[];
  readonly #forTwoThreads: ReadonlySet<Layer>;
  /** From peel.json. */
  readonly #complete: boolean;
  /** From the last step, which needs all layers. */
  #finishWarnings: readonly string[] = [];

  constructor(work: LayerWork, options: PullOptions, earlier: ImageFolder | undefined) {
    this.#work = work;
    this.#options = options;
    this.#forTwoThreads = layersForTwoThreads(options.image.layers, work.workers.free);
    this.#complete = earlier?.complete === true;
    this.#layers = options.image.layers.map((layer, at) => earlier?.layers[at] ?? folderLayer(layer));
    this.#results = options.image.layers.map(() => undefined);
  }

  async pull(): Promise<PulledImage> {
    const { folder } = this.#options;
    if (!(await this.#isWhole())) {
      // First, since a folder without a description counts as someone else's.
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

  /** Whether a complete pull has lost nothing since. */
  async #isWhole(): Promise<boolean> {
    if (!this.#complete) return false;
    const { folder, image } = this.#options;
    const layers = await Promise.all(image.layers.map(layer => this.#hasLayer(layer)));
    return layers.every(Boolean) && (await hasLayoutDocuments(folder, image, this.#layers));
  }

  #hasLayer(layer: Layer): Promise<boolean> {
    return isLayerPulled(this.#options.folder, layer, this.#layers[layer.number - 1]);
  }

  /**
   * Starts with the largest layers, so that no thread is left alone with one of them at the end.
   */
  async #pullLayers(): Promise<void> {
    const largestFirst = [...this.#options.image.layers].sort((a, b) => b.descriptor.size - a.descriptor.size);
    await readLayers(largestFirst, this.#options, (layer, onProgress, signal) =>
      this.#pullLayer(layer, onProgress, signal),
    );
  }

  /**
   * Fixes what needs all layers: hard links into lower ones, directories that a layer doesn't
   * describe.
   */
  async #fixAcrossLayers(): Promise<void> {
    const { folder, origin, signal } = this.#options;
    const { workers, logger } = this.#work;
    const folders = this.#layers.map(({ number }) => join(folder, layerFolder(number)));
    const files = folders.map(layer => ({ folder: layer, sidecar: `${layer}.json` }));
    const context = { authorizer: origin.authorizer, logger, signal, onProgress: () => undefined };
    this.#finishWarnings = await workers.runJob('finish', files, context);
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

  /**
   * Returns a layer that an earlier pull finished: peel.json names its folder only once it is
   * verified.
   */
  async #pulledBefore(layer: Layer): Promise<LayerResult | undefined> {
    const { digest, diffId, compression, size, folder } = this.#layers[layer.number - 1] ?? {};
    if (!folder || !diffId || !compression || !digest || size === undefined) return undefined;
    if (!(await this.#hasLayer(layer))) return undefined;
    return { digest, size, cached: true, unpacked: { diffId, compression, tarSize: 0, entries: 0, warnings: [] } };
  }

  #saving: Promise<void> = Promise.resolve();
  #waiting: Promise<void> | undefined;

  /** Writes peel.json, one write at a time. Callers share a write that has not started yet. */
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
        ...this.#finishWarnings,
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

/**
 * Whether a layer is in an image's folder: unpacked, described, and as a blob.
 * @param known from peel.json
 */
async function isLayerPulled(folder: string, { number, descriptor }: Layer, known?: FolderLayer): Promise<boolean> {
  const { digest, size = -1 } = known ?? {};
  const [unpacked, blob] = await Promise.all(
    [join(folder, layerFolder(number)), blobPath(folder, descriptor.digest)].map(path =>
      lstat(path).catch(() => undefined),
    ),
  );
  const complete = unpacked?.isDirectory() === true && blob?.isFile() === true && (size < 0 || blob.size === size);
  return complete && digest === descriptor.digest && isSidecar(join(folder, `${layerFolder(number)}.json`));
}

function isSidecar(file: string): boolean {
  try {
    readSidecar(file);
    return true;
  } catch {
    return false;
  }
}
