import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import type { Digest } from '../../../src/oci/digest.ts';

/** A blob in memory, or in a file if it is too big for memory. */
export type BlobContent = Buffer | { readonly path: string; readonly size: number };

/**
 * A document with everything it refers to, ready for a registry: an image, an index or an artifact.
 */
export interface Content {
  readonly mediaType: string;
  readonly digest: Digest;
  /** The manifest's exact bytes. */
  readonly bytes: Buffer;
  readonly blobs: readonly Buffer[];
  /** The documents that an index points to. */
  readonly children?: readonly Content[];
}

export interface StoredManifest {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly bytes: Buffer;
}

interface Repository {
  readonly manifests: Map<string, StoredManifest>;
  readonly tags: Map<string, Digest>;
}

/** Returns the sha256 digest of some bytes. */
export function sha256(bytes: string | Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** The embedded registry's contents. All repositories share the blobs. */
export class RegistryStore {
  readonly #repositories = new Map<string, Repository>();
  readonly #blobs = new Map<string, BlobContent>();

  repositories(): string[] {
    return [...this.#repositories.keys()].toSorted();
  }

  has(repository: string): boolean {
    return this.#repositories.has(repository);
  }

  /** Returns tags in code-point order, as distribution lists them. */
  tags(repository: string): string[] {
    return [...(this.#repositories.get(repository)?.tags.keys() ?? [])].toSorted();
  }

  manifests(repository: string): StoredManifest[] {
    return [...(this.#repositories.get(repository)?.manifests.values() ?? [])];
  }

  /** @param reference a tag or a digest */
  manifest(repository: string, reference: string): StoredManifest | undefined {
    const found = this.#repositories.get(repository);
    return found?.manifests.get(found.tags.get(reference) ?? reference);
  }

  blob(digest: string): BlobContent | undefined {
    return this.#blobs.get(digest);
  }

  /** Stores an image, index or artifact with everything below it, and points the tags to it. */
  put(repository: string, content: Content, ...tags: string[]): Digest {
    for (const child of content.children ?? []) this.put(repository, child);
    for (const blob of content.blobs) this.putBlob(blob);
    return this.putManifest(repository, content, ...tags);
  }

  /**
   * Stores a single document; its blobs may be missing. A digest that is not sha256 must be given.
   */
  putManifest(
    repository: string,
    manifest: { readonly mediaType: string; readonly bytes: Buffer; readonly digest?: Digest },
    ...tags: string[]
  ): Digest {
    const digest = manifest.digest ?? sha256(manifest.bytes);
    const found = this.#repositories.get(repository) ?? { manifests: new Map(), tags: new Map() };
    this.#repositories.set(repository, found);
    found.manifests.set(digest, { mediaType: manifest.mediaType, bytes: manifest.bytes, digest });
    for (const tag of tags) found.tags.set(tag, digest);
    return digest;
  }

  /**
   * Stores a blob under its digest, or under another one, to serve wrong bytes or another
   * algorithm.
   */
  putBlob(bytes: Buffer, digest: Digest = sha256(bytes)): Digest {
    this.#blobs.set(digest, bytes);
    return digest;
  }

  /** Serves a blob from a file, without reading it into memory. */
  putBlobFile(path: string, digest: Digest): Digest {
    this.#blobs.set(digest, { path, size: statSync(path).size });
    return digest;
  }

  deleteBlob(digest: Digest): void {
    this.#blobs.delete(digest);
  }

  deleteTag(repository: string, tag: string): void {
    this.#repositories.get(repository)?.tags.delete(tag);
  }
}
