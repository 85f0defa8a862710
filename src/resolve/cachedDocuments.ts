import { lstat, readFile } from 'node:fs/promises';
import type { BlobStore } from '../blobs/store.ts';
import { matchesDigest } from '../oci/contentDigest.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { isDigest, type Digest } from '../oci/digest.ts';
import type { ImageSource, SourceManifest } from './imageSource.ts';
import { MAX_CONFIG_BYTES } from './resolveImage.ts';

/** Keeps in the store what cannot change, manifests and configs by their digest, so that an image that was pulled once costs one request to look at again. */
export class KeptDocuments implements ImageSource {
  readonly #source: ImageSource;
  readonly #store: BlobStore;

  constructor(source: ImageSource, store: BlobStore) {
    this.#source = source;
    this.#store = store;
  }

  async manifest(repository: string, version: string, signal: AbortSignal): Promise<SourceManifest> {
    if (!isDigest(version)) return await this.#source.manifest(repository, version, signal);
    const kept = await this.#read(version);
    // The body tells its kind by itself, or it was not kept.
    if (kept) return { bytes: kept, mediaType: '', digest: version };
    const fetched = await this.#source.manifest(repository, version, signal);
    if (tellsItsKind(fetched.bytes)) await this.#keep(version, fetched.bytes);
    return fetched;
  }

  async blobBytes(repository: string, blob: Descriptor, limit: number, signal: AbortSignal): Promise<Uint8Array> {
    const kept = await this.#read(blob.digest);
    if (kept?.length === blob.size) return kept;
    const fetched = await this.#source.blobBytes(repository, blob, limit, signal);
    await this.#keep(blob.digest, fetched);
    return fetched;
  }

  blobSize(repository: string, digest: Digest, signal: AbortSignal): Promise<number> {
    return this.#source.blobSize(repository, digest, signal);
  }

  /** What is kept is believed no more than what comes over the network. */
  async #read(digest: Digest): Promise<Uint8Array | undefined> {
    const path = this.#store.path(digest);
    const stat = await lstat(path).catch(() => undefined);
    if (!stat?.isFile() || stat.size > MAX_CONFIG_BYTES) return undefined;
    const bytes = await readFile(path).catch(() => undefined);
    return bytes && matchesDigest(bytes, digest) ? bytes : undefined;
  }

  /** The signed form of schema 1 is named by its payload, not by its bytes, and stays out. A store that cannot be written costs only the next request. */
  async #keep(digest: Digest, bytes: Uint8Array): Promise<void> {
    if (matchesDigest(bytes, digest)) await this.#store.put(digest, bytes).catch(() => undefined);
  }
}

function tellsItsKind(bytes: Uint8Array): boolean {
  return /"mediaType"\s*:\s*"application\/vnd\.(oci|docker)\./.test(Buffer.from(bytes).toString('latin1'));
}
