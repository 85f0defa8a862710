import { randomUUID } from 'node:crypto';
import { lstat, mkdir, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { UnpackLimits } from '../layers/unpack/layerVisitor.ts';
import { FolderTakenError } from '../pull/imageFolder.ts';
import { type LayerFile, refuseTaken } from './mergeImage.ts';
import type { TransferWatch } from '../workers/readLayers.ts';
import { removeTree } from '../pull/removeTree.ts';
import type { ResolvedImage } from '../oci/image.ts';
import { runStoredThread } from './storedThread.ts';
import type { ExportFormat, ExportJob } from './exportJob.ts';

export interface ExportTarget {
  readonly format: ExportFormat;
  /** The new file; for `oci-layout`, a new or empty folder. */
  readonly path: string;
  /** An existing file may be replaced: the user agreed. */
  readonly replace?: boolean;
  readonly limits: UnpackLimits;
  /** `exportWorker.js` of the bundle, `exportWorker.ts` in plain Node. */
  readonly script: URL;
}

/**
 * Writes an image whose layers are on disk in another form, in a thread of its own, under another
 * name until it is complete. Returns warnings.
 * @param files the layers, base first
 * @throws {FolderTakenError} the target exists
 * @throws what the thread throws, and the signal's reason
 */
export async function exportImage(
  image: ResolvedImage,
  files: readonly LayerFile[],
  target: ExportTarget,
  watch: TransferWatch,
): Promise<readonly string[]> {
  await refuseTakenTarget(target);
  await mkdir(dirname(target.path), { recursive: true });
  const partial = `${target.path}.${randomUUID()}.partial`;
  const job: ExportJob = {
    image,
    layers: files.map(({ layer }) => layer),
    blobs: files.map(({ blob }) => blob),
    format: target.format,
    target: partial,
    limits: target.limits,
  };
  try {
    const warnings = await runStoredThread(target.script, job, watch, target.format === 'rootfs-tar' ? 2 : 1);
    await refuseTakenTarget(target);
    await rename(partial, target.path);
    return warnings;
  } catch (error) {
    await removeTree(partial);
    throw error;
  }
}

async function refuseTakenTarget({ format, path, replace = false }: ExportTarget): Promise<void> {
  if (format === 'oci-layout') return refuseTaken(path);
  const stat = await lstat(path).catch(() => undefined);
  if (!stat) return;
  if (!stat.isFile()) throw new FolderTakenError(path, 'is not a file');
  if (!replace) throw new FolderTakenError(path, 'is there already');
}
