import { existsSync, readdirSync } from 'node:fs';
import { chmod, lstat, mkdir, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { UnpackLimits } from '../layers/unpack/layerVisitor.ts';
import type { Layer } from '../oci/layer.ts';
import { FolderTakenError, type ImageFolder } from '../pull/imageFolder.ts';
import type { LayerJob } from '../workers/layerJob.ts';
import type { MergeJob, MergeWatch } from './mergeJob.ts';
import { blobPath } from '../layout/ociLayout.ts';
import type { Puller } from '../workers/puller.ts';
import type { Origin } from '../registry/origin.ts';
import { PullMeter } from '../pull/pullMeter.ts';
import { removeTree } from '../pull/removeTree.ts';
import type { ResolvedImage } from '../oci/image.ts';
import type { JobContext } from '../workers/workerPool.ts';
import { runStoredThread } from './storedThread.ts';

export interface MergeTarget {
  /** The folder to be: it must be new, or empty. */
  readonly folder: string;
  readonly limits: UnpackLimits;
  /** `mergeWorker.js` of the bundle, `mergeWorker.ts` in plain Node. */
  readonly script: URL;
}

/** A layer whose blob lies on the disk. */
export interface LayerFile {
  readonly layer: Pick<Layer, 'number' | 'descriptor' | 'diffId'>;
  readonly blob: string;
}

/** The layers of a pulled image, base first, with the blobs in its layout. */
export function layerFilesOf({ folder, layers }: ImageFolder): LayerFile[] {
  return layers.map(({ number, digest, diffId, size }) => ({
    layer: { number, descriptor: { mediaType: '', digest, size }, ...(diffId ? { diffId } : {}) },
    blob: blobPath(folder, digest),
  }));
}

/** Brings every layer of an image into the store, and tells where. @throws what the layer jobs throw; the first failure ends the others */
export async function fetchLayers(
  puller: Puller,
  image: ResolvedImage,
  origin: Origin,
  watch: MergeWatch,
): Promise<LayerFile[]> {
  const meter = new PullMeter(image.layers, watch.onProgress);
  const failure = new AbortController();
  const signal = AbortSignal.any([watch.signal, failure.signal]);
  const fetch = async (layer: Layer): Promise<LayerFile> => {
    const { digest } = layer.descriptor;
    const blob = puller.store.path(digest);
    const job: LayerJob = {
      blob: layer.descriptor,
      registry: origin.registry,
      repository: image.reference.repository,
      transport: origin.transport,
      blobPath: blob,
    };
    const { authorizer } = origin;
    const onProgress: JobContext['onProgress'] = progress => meter.layerProgress(layer.number, progress);
    const context = { authorizer, logger: puller.logger, signal, onProgress };
    const result = await puller.transfers.run(digest, signal, () => puller.workers.run('layer', job, context));
    meter.layerDone(layer.number, result);
    return { layer: { ...layer, descriptor: { ...layer.descriptor, size: result.size } }, blob };
  };
  const outcomes = await Promise.allSettled(
    image.layers.map(layer =>
      fetch(layer).catch((error: unknown) => {
        failure.abort(error);
        throw error;
      }),
    ),
  );
  watch.signal.throwIfAborted();
  if (failure.signal.aborted) throw failure.signal.reason;
  return outcomes.filter(outcome => outcome.status === 'fulfilled').map(outcome => outcome.value);
}

/**
 * Applies layers, base first, to one plain folder, in a thread of its own. It is made beside its place and renamed when it is whole. Returns warnings.
 * @throws {FolderTakenError} something is there already
 * @throws what the layers room throws, and the signal's reason
 */
export async function mergeLayerFiles(
  files: readonly LayerFile[],
  target: MergeTarget,
  watch: MergeWatch,
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
    // The image's root may be read-only, and a folder that may not be written to cannot be renamed by its owner.
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

/** @throws {FolderTakenError} something is there already; an empty folder is not */
export async function refuseTaken(folder: string): Promise<void> {
  const stat = await lstat(folder).catch(() => undefined);
  if (!stat) return;
  if (!stat.isDirectory()) throw new FolderTakenError(folder, 'is no folder');
  if (existsSync(folder) && readdirSync(folder).length > 0) throw new FolderTakenError(folder, 'is not empty');
}
