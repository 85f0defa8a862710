import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { readSidecar } from '../layers/unpack/sidecar.ts';
import type { Layer } from '../oci/layer.ts';
import { layerFolder, type FolderLayer } from './imageFolder.ts';
import { blobPath } from '../layout/ociLayout.ts';

/** The layer is in an image's folder: unpacked, described, and as a blob of the layout. @param kept what the folder's peel.json says of it */
export async function isLayerPulled(
  folder: string,
  { number, descriptor }: Layer,
  kept?: FolderLayer,
): Promise<boolean> {
  const { digest, size = -1 } = kept ?? {};
  const [unpacked, blob] = await Promise.all(
    [join(folder, layerFolder(number)), blobPath(folder, descriptor.digest)].map(path =>
      lstat(path).catch(() => undefined),
    ),
  );
  const there = unpacked?.isDirectory() === true && blob?.isFile() === true && (size < 0 || blob.size === size);
  return there && digest === descriptor.digest && isSidecar(join(folder, `${layerFolder(number)}.json`));
}

function isSidecar(file: string): boolean {
  try {
    readSidecar(file);
    return true;
  } catch {
    return false;
  }
}
