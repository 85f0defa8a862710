import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { UnpackLimits } from '../layers/unpack/unpack.ts';
import { digestAlgorithm, digestHex, type Digest } from '../oci/digest.ts';
import { helpedLayers } from '../workers/sharedUnpack.ts';
import { FolderTakenError } from './imageFolder.ts';
import type { LayerJob, LayerProgress } from '../workers/layerJob.ts';
import type { Puller } from '../workers/puller.ts';
import type { Origin } from '../registry/origin.ts';
import type { ResolvedImage } from '../oci/image.ts';

/** The image has no layer of that number or digest. */
export class LayerNotFoundError extends Error {
  constructor(wanted: number | string, layers: number) {
    super(
      `The image has no layer ${wanted}. It has ${layers}: name one by its number (1 is the base) or by its digest.`,
    );
    this.name = 'LayerNotFoundError';
  }
}

export interface OneLayerOptions {
  /** Or an artifact, whose files stand for layers. */
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
  /** The file, or the folder, that holds it now. */
  readonly path: string;
}

/** Downloads one layer's blob as it is into a file. A file that is there is never replaced by other bytes. @throws {LayerNotFoundError} */
export async function downloadLayer(puller: Puller, options: OneLayerOptions, file: string): Promise<OneLayer> {
  const wanted = findLayer(options.image, options.layer).descriptor;
  const there = await lstat(file).catch(() => undefined);
  const same = there?.isFile() && there.size === wanted.size && (await holds(file, wanted.digest));
  if (there && !same) throw new FolderTakenError(file, 'is there already');
  const { digest, size } = await work(puller, options);
  await puller.store.linkTo(digest, file);
  return { digest, size, path: file };
}

/** True where the file has the very bytes of the digest. */
async function holds(file: string, digest: Digest): Promise<boolean> {
  const hash = createHash(digestAlgorithm(digest));
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex') === digestHex(digest);
}

/** Downloads and unpacks one layer into a folder of its own, which must be new. @throws {LayerNotFoundError} @throws {FolderTakenError} */
export async function extractLayer(
  puller: Puller,
  options: OneLayerOptions,
  folder: string,
  limits: UnpackLimits,
): Promise<OneLayer> {
  if (await lstat(folder).catch(() => undefined)) throw new FolderTakenError(folder, 'is there already');
  const { digest, size } = await work(puller, options, { folder, limits });
  return { digest, size, path: folder };
}

async function work(
  puller: Puller,
  options: OneLayerOptions,
  unpack?: { folder: string; limits: UnpackLimits },
): Promise<{ digest: Digest; size: number }> {
  const { image, origin, onProgress, signal } = options;
  const layer = findLayer(image, options.layer);
  const { descriptor, diffId } = layer;
  const helped = unpack !== undefined && helpedLayers([layer], puller.workers.free).has(layer);
  if (helped) puller.workers.prepare(2);
  const job: LayerJob = {
    blob: descriptor,
    registry: origin.registry,
    repository: image.reference.repository,
    transport: origin.transport,
    blobPath: puller.store.path(descriptor.digest),
    ...(unpack
      ? { unpack: { ...unpack, sidecar: `${unpack.folder}.json`, helped, ...(diffId ? { diffId } : {}) } }
      : {}),
  };
  const context = { authorizer: origin.authorizer, logger: puller.logger, onProgress, signal };
  return await puller.transfers.run(descriptor.digest, signal, () => puller.workers.run('layer', job, context));
}

/** By number or by digest. @throws {LayerNotFoundError} */
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
