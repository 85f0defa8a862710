import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { UnpackLimits } from '../layers/unpack/unpack.ts';
import { digestAlgorithm, digestHex, type Digest } from '../oci/digest.ts';
import { layersForTwoThreads } from '../workers/sharedUnpack.ts';
import { FolderTakenError } from './imageFolder.ts';
import type { LayerProgress, LayerResult } from '../workers/layerJob.ts';
import { fetchLayer, type LayerWork } from '../workers/layerWork.ts';
import type { Origin } from '../registry/origin.ts';
import type { ResolvedImage } from '../oci/image.ts';

/** An image has no layer of this number or digest. */
export class LayerNotFoundError extends Error {
  constructor(wanted: number | string, layers: number) {
    super(
      `The image has no layer ${wanted}. It has ${layers}: choose one by its number (1 is the base) or its digest.`,
    );
    this.name = 'LayerNotFoundError';
  }
}

export interface OneLayerOptions {
  /** An image, or an artifact with its files as layers. */
  readonly image: Pick<ResolvedImage, 'reference' | 'layers'>;
  readonly origin: Origin;
  /** Number (1 = base) or digest. */
  readonly layer: number | string;
  readonly onProgress: (progress: LayerProgress) => void;
  readonly signal: AbortSignal;
}

export interface OneLayer {
  readonly digest: Digest;
  /** Bytes of the blob. */
  readonly size: number;
  /** The new file or folder. */
  readonly path: string;
}

/**
 * Downloads one layer's blob into a file. An existing file with other content is not replaced.
 * @throws {LayerNotFoundError} @throws {FolderTakenError}
 */
export async function downloadLayer(work: LayerWork, options: OneLayerOptions, file: string): Promise<OneLayer> {
  const wanted = findLayer(options.image, options.layer).descriptor;
  const there = await lstat(file).catch(() => undefined);
  const same = there?.isFile() && there.size === wanted.size && (await holds(file, wanted.digest));
  if (there && !same) throw new FolderTakenError(file, 'is there already');
  const { digest, size } = await fetch(work, options);
  await work.store.linkTo(digest, file);
  return { digest, size, path: file };
}

/** Whether a file's content has a digest. */
async function holds(file: string, digest: Digest): Promise<boolean> {
  const hash = createHash(digestAlgorithm(digest));
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex') === digestHex(digest);
}

/**
 * Downloads and unpacks one layer into a new folder.
 * @throws {LayerNotFoundError}
 * @throws {FolderTakenError}
 */
export async function extractLayer(
  work: LayerWork,
  options: OneLayerOptions,
  folder: string,
  limits: UnpackLimits,
): Promise<OneLayer> {
  if (await lstat(folder).catch(() => undefined)) throw new FolderTakenError(folder, 'is there already');
  const { digest, size } = await fetch(work, options, { path: folder, limits });
  return { digest, size, path: folder };
}

async function fetch(
  work: LayerWork,
  { image, origin, layer: wanted, onProgress, signal }: OneLayerOptions,
  folder?: { readonly path: string; readonly limits: UnpackLimits },
): Promise<LayerResult> {
  const layer = findLayer(image, wanted);
  const unpack = folder && {
    folder: folder.path,
    sidecar: `${folder.path}.json`,
    limits: folder.limits,
    shared: layersForTwoThreads([layer], work.workers.free).has(layer),
    diffId: layer.diffId,
  };
  const { repository } = image.reference;
  return await fetchLayer(work, { layer, repository, origin, unpack, onProgress, signal });
}

/** Finds a layer by its number or digest. @throws {LayerNotFoundError} */
export function findLayer(
  image: Pick<ResolvedImage, 'layers'>,
  wanted: number | string,
): ResolvedImage['layers'][number] {
  const layer = image.layers.find(
    ({ number, descriptor }) => String(number) === String(wanted) || descriptor.digest === wanted,
  );
  if (!layer) throw new LayerNotFoundError(wanted, image.layers.length);
  return layer;
}
