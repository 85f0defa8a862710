import { lstat, readFile } from 'node:fs/promises';
import type { BlobStore } from '../blobs/store.ts';
import { matchesDigest } from '../oci/contentDigest.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { isDigest, type Digest } from '../oci/digest.ts';
import type { ImageSource, SourceManifest } from './imageSource.ts';
import { MAX_CONFIG_BYTES } from './resolveImage.ts';

/** Finds the manifest of a digest. */
export type FindManifest = (repository: string, digest: Digest, signal: AbortSignal) => Promise<SourceManifest>;

/**
 * Caches manifests and configs, which can't change under their digest. Looking at an image that was
 * pulled before costs one request.
 */
export class CachedDocuments implements ImageSource {
  readonly #source: ImageSource;
  readonly #store: BlobStore;
  readonly #known: FindManifest | undefined;

  /** @param known finds manifests by digest, in place of the store and the source */
  constructor(source: ImageSource, store: BlobStore, known?: FindManifest) {
    this.#source = source;
    this.#store = store;
    this.#known = known;
  }

  async manifest(repository: string, version: string, signal: AbortSignal): Promise<SourceManifest> {
    if (!isDigest(version)) return await this.#source.manifest(repository, version, signal);
    if (this.#known) return await this.#known(repository, version, signal);
    const cached = await this.#read(version);
    // Only bodies that name their own media type are cached.
    if (cached) return { bytes: cached, mediaType: '', digest: version };
    const fetched = await this.#source.manifest(repository, version, signal);
    if (namesItsType(fetched.bytes)) await this.#put(version, fetched.bytes);
    return fetched;
  }

  async blobBytes(repository: string, blob: Descriptor, limit: number, signal: AbortSignal): Promise<Uint8Array> {
    const cached = await this.#read(blob.digest);
    if (cached?.length === blob.size) return cached;
    const fetched = await this.#source.blobBytes(repository, blob, limit, signal);
    await this.#put(blob.digest, fetched);
    return fetched;
  }

  async hasManifest(repository: string, digest: Digest): Promise<boolean> {
    return (await this.#source.hasManifest?.(repository, digest)) ?? true;
  }

  blobSize(repository: string, digest: Digest, signal: AbortSignal): Promise<number> {
    return this.#source.blobSize(repository, digest, signal);
  }

  /** The cache is trusted no more than the network. */
  async #read(digest: Digest): Promise<Uint8Array | undefined> {
    const path = this.#store.path(digest);
    const stat = await lstat(path).catch(() => undefined);
    if (!stat?.isFile() || stat.size > MAX_CONFIG_BYTES) return undefined;
    const bytes = await readFile(path).catch(() => undefined);
    return bytes && matchesDigest(bytes, digest) ? bytes : undefined;
  }

  /**
   * A signed schema 1 manifest isn't cached: its digest names the payload, not the bytes. If the
   * store can't be written, only the next request is lost.
   */
  async #put(digest: Digest, bytes: Uint8Array): Promise<void> {
    if (matchesDigest(bytes, digest)) await this.#store.put(digest, bytes).catch(() => undefined);
  }
}

function namesItsType(bytes: Uint8Array): boolean {
  return /"mediaType"\s*:\s*"application\/vnd\.(oci|docker)\./.test(Buffer.from(bytes).toString('latin1'));
}
