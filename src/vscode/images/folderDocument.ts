import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDigest, type Digest } from '../../oci/digest.ts';
import { asObjects, isObject } from '../../oci/json.ts';
import { parseManifest } from '../../oci/manifest.ts';
import { blobPath } from '../../layout/ociLayout.ts';

/** A manifest or config of more than this is none. */
const MAX_BYTES = 8 << 20;

/** The folder of a pulled image has no OCI layout, or a damaged one. */
export class NoLayoutError extends Error {
  constructor(folder: string, reason: string, options?: ErrorOptions) {
    super(`${folder} ${reason}. Pull the image again: what is there already is not downloaded twice.`, options);
    this.name = 'NoLayoutError';
  }
}

/**
 * The manifest or config of a pulled image out of its folder's OCI layout (image-spec, image-layout.md).
 * @throws {NoLayoutError} the pull has not ended yet, or the folder was damaged since
 */
export async function readFolderDocument(folder: string, what: 'manifest' | 'config'): Promise<Uint8Array> {
  const manifest = await readBlob(folder, await manifestDigest(folder));
  if (what === 'manifest') return manifest;
  const parsed = parseManifest(manifest);
  if (parsed.kind !== 'image') throw new NoLayoutError(folder, 'has a layout without an image');
  return readBlob(folder, parsed.config.digest);
}

async function manifestDigest(folder: string): Promise<Digest> {
  let index: unknown;
  try {
    index = JSON.parse(await readFile(join(folder, 'index.json'), 'utf8'));
  } catch (cause) {
    throw new NoLayoutError(folder, 'has no index.json that can be read, so the pull has not ended', { cause });
  }
  const digest = isObject(index) ? asObjects(index.manifests)[0]?.digest : undefined;
  if (!isDigest(digest)) throw new NoLayoutError(folder, 'has an index.json that names no image');
  return digest;
}

async function readBlob(folder: string, digest: Digest): Promise<Uint8Array> {
  const file = await open(blobPath(folder, digest)).catch((cause: unknown) => {
    throw new NoLayoutError(folder, `lacks its blob ${digest}`, { cause });
  });
  try {
    const stats = await file.stat();
    if (!stats.isFile() || stats.size > MAX_BYTES)
      throw new NoLayoutError(folder, `has a blob ${digest} that is no document`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}
