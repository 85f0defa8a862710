import type { ImageFolder } from '../pull/imageFolder.ts';
import type { LayerFile } from './mergeImage.ts';
import { blobPath } from '../layout/ociLayout.ts';
import { resolveImage } from '../resolve/resolveImage.ts';
import type { ResolvedImage } from '../oci/image.ts';
import { MismatchError } from '../oci/mismatchErrors.ts';
import { FolderFiles, InvalidLocalImageError, NoSuchImageError } from '../layout/layoutFiles.ts';
import { LayoutSource } from '../layout/layoutSource.ts';
import { InvalidManifestError } from '../oci/manifest.ts';
import { parseReference } from '../oci/reference.ts';

/** An image with the files of its layers' blobs, base first. */
export interface StoredImage {
  readonly image: ResolvedImage;
  readonly files: readonly LayerFile[];
}

/** Something in the layout of a pulled folder is missing or was changed. */
export class DamagedLayoutError extends Error {
  readonly folder: string;
  constructor({ folder, reference }: ImageFolder, cause: Error) {
    super(`The image in ${folder} can't be read: ${cause.message} Pull ${reference} again into this folder.`, {
      cause,
    });
    this.name = 'DamagedLayoutError';
    this.folder = folder;
  }
}

/**
 * Opens the image in a pulled folder's own layout, without network. Everything is verified by its
 * digest.
 * @throws {DamagedLayoutError}
 */
export async function openPulledImage(pulled: ImageFolder, signal: AbortSignal): Promise<StoredImage> {
  try {
    return await readLayout(pulled, signal);
  } catch (error) {
    const damaged = DAMAGE.some(type => error instanceof type);
    throw damaged && error instanceof Error ? new DamagedLayoutError(pulled, error) : error;
  }
}

const DAMAGE = [InvalidLocalImageError, NoSuchImageError, MismatchError, InvalidManifestError] as const;

async function readLayout({ folder, reference }: ImageFolder, signal: AbortSignal): Promise<StoredImage> {
  const source = new LayoutSource(new FolderFiles(folder));
  const [only] = await source.images();
  if (!only) throw new InvalidLocalImageError(folder, 'its index.json names no image');
  // The pull converted Docker's schemas to OCI, so the layout's digest may differ from the
  // registry's.
  const image = await resolveImage(source, { ...parseReference(reference), digest: only.digest }, undefined, signal);
  return {
    image,
    files: image.layers.map(layer => ({ layer, blob: blobPath(folder, layer.descriptor.digest) })),
  };
}
