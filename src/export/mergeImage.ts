import { existsSync, readdirSync } from 'node:fs';
import { chmod, lstat, mkdir, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { UnpackLimits } from '../layers/unpack/layerVisitor.ts';
import type { Layer } from '../oci/layer.ts';
import { FolderTakenError, type ImageFolder } from '../pull/imageFolder.ts';
import type { MergeJob } from './mergeJob.ts';
import { blobPath } from '../layout/ociLayout.ts';
import { fetchLayer, type LayerWork } from '../workers/layerWork.ts';
import type { Origin } from '../registry/origin.ts';
import { readLayers, type TransferWatch } from '../workers/readLayers.ts';
import { removeTree } from '../pull/removeTree.ts';
import type { ResolvedImage } from '../oci/image.ts';
import { runStoredThread } from './storedThread.ts';

export interface MergeTarget {
  /** A new or empty folder. */
  readonly folder: string;
  readonly limits: UnpackLimits;
  /** `mergeWorker.js` of the bundle, `mergeWorker.ts` in plain Node. */
  readonly script: URL;
}

/** A layer whose blob is on disk. */
export interface LayerFile {
  readonly layer: Pick<Layer, 'number' | 'descriptor' | 'diffId'>;
  readonly blob: string;
}

/** Returns a pulled image's layers, base first, with the blobs of its layout. */
export function layerFilesOf({ folder, layers }: ImageFolder): LayerFile[] {
  return layers.map(({ number, digest, diffId, size }) => ({
    layer: { number, descriptor: { mediaType: '', digest, size }, ...(diffId ? { diffId } : {}) },
    blob: blobPath(folder, digest),
  }));
}

/**
 * Downloads an image's layers into the store unless they are there.
 * @throws what the layer jobs throw; the first failure aborts the others
 */
export async function fetchLayers(
  work: LayerWork,
  image: ResolvedImage,
  origin: Origin,
  watch: TransferWatch,
): Promise<LayerFile[]> {
  const { repository } = image.reference;
  return await readLayers(image.layers, watch, async (layer, onProgress, signal) => {
    const { digest, size } = await fetchLayer(work, { layer, repository, origin, onProgress, signal });
    return { layer: { ...layer, descriptor: { ...layer.descriptor, size } }, blob: work.store.path(digest) };
  });
}

/**
 * Applies layers, base first, to one plain folder, in a thread of its own, under another name until
 * it is complete. Returns warnings.
 * @throws {FolderTakenError} the folder exists and isn't empty
 * @throws what the layers room throws, and the signal's reason
 */
export async function mergeLayerFiles(
  files: readonly LayerFile[],
  target: MergeTarget,
  watch: TransferWatch,
): Promise<readonly string[]> {
  const { folder, limits, script } = target;
  await refuseTaken(folder);
  await mkdir(dirname(folder), { recursive: true });
  const partial = `${folder}.${process.pid}.partial`;
  await removeTree(partial);
  try {
    const job: MergeJob = {
      layers: files.map(({ layer }) => layer),
      blobs: files.map(({ blob }) => blob),
      folder: partial,
      limits,
    };
    const warnings = await runStoredThread(script, job, watch);
    await refuseTaken(folder);
    // The image's root may be read-only, and even its owner can't rename a folder without write
    // access.
    const { mode } = await lstat(partial);
    await chmod(partial, mode | 0o700);
    await rename(partial, folder);
    await chmod(folder, mode & 0o7777);
    return warnings;
  } catch (error) {
    await removeTree(partial);
    throw error;
  }
}

/** Refuses a target that exists, unless it is an empty folder. @throws {FolderTakenError} */
export async function refuseTaken(folder: string): Promise<void> {
  const stat = await lstat(folder).catch(() => undefined);
  if (!stat) return;
  if (!stat.isDirectory()) throw new FolderTakenError(folder, 'is not a folder');
  if (existsSync(folder) && readdirSync(folder).length > 0) throw new FolderTakenError(folder, 'is not empty');
}
