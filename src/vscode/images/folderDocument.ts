import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { blobPath } from '../../layout/ociLayout.ts';
import { isDigest, type Digest } from '../../oci/digest.ts';
import { asObjects, isObject } from '../../oci/json.ts';
import { parseManifest } from '../../oci/manifest.ts';

/** Manifests and configs are smaller than this. */
const MAX_BYTES = 8 << 20;

/** A pulled image's folder has no OCI layout, or a damaged one. */
export class NoLayoutError extends Error {
  constructor(folder: string, reason: string, options?: ErrorOptions) {
    super(`${folder} ${reason}. Pull the image again; what is already there isn't downloaded twice.`, options);
    this.name = 'NoLayoutError';
  }
}

/**
 * Reads a pulled image's manifest or config from its folder's OCI layout (image-spec,
 * image-layout.md).
 * @throws {NoLayoutError} the pull is incomplete, or the folder was damaged since
 */
export async function readFolderDocument(folder: string, what: 'manifest' | 'config'): Promise<Uint8Array> {
  const manifest = await readBlob(folder, await manifestDigest(folder));
  if (what === 'manifest') return manifest;
  const parsed = parseManifest(manifest);
  if (parsed.kind !== 'image') throw new NoLayoutError(folder, 'has an OCI layout without an image');
  return readBlob(folder, parsed.config.digest);
}

async function manifestDigest(folder: string): Promise<Digest> {
  let index: unknown;
  try {
    index = JSON.parse(await readFile(join(folder, 'index.json'), 'utf8'));
  } catch (cause) {
    throw new NoLayoutError(folder, 'has no readable index.json, so its pull is incomplete', { cause });
  }
  const digest = isObject(index) ? asObjects(index.manifests)[0]?.digest : undefined;
  if (!isDigest(digest)) throw new NoLayoutError(folder, 'has an index.json without an image');
  return digest;
}

async function readBlob(folder: string, digest: Digest): Promise<Uint8Array> {
  const file = await open(blobPath(folder, digest)).catch((cause: unknown) => {
    throw new NoLayoutError(folder, `is missing the blob ${digest}`, { cause });
  });
  try {
    const stats = await file.stat();
    if (!stats.isFile() || stats.size > MAX_BYTES)
      throw new NoLayoutError(folder, `has a blob ${digest} that isn't a document`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}
