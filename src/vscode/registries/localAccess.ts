import { NoSuchImageError } from '../../layout/layoutFiles.ts';
import type { LayoutSource } from '../../layout/layoutSource.ts';
import type { BlobSource } from '../../oci/byteSource.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import type { ListChunk } from '../../registry/api/listing.ts';
import type { FetchedManifest } from '../../registry/api/manifests.ts';
import { NotFoundError } from '../../registry/errors.ts';
import type { RepositoryAccess } from './repositoryAccess.ts';

interface RepositoryName {
  readonly registry: string;
  readonly repository: string;
}

/** Access to a folder or archive on this machine as if it were a registry. */
export class LocalAccess implements RepositoryAccess {
  readonly #source: LayoutSource;
  readonly #name: RepositoryName;

  constructor(source: LayoutSource, name: RepositoryName) {
    this.#source = source;
    this.#name = name;
  }

  /** @throws {NotFoundError} */
  async manifest(repository: string, version: string, signal: AbortSignal): Promise<FetchedManifest> {
    try {
      return { ...(await this.#source.manifest(repository, version, signal)), source: this.#name.registry };
    } catch (error) {
      if (!(error instanceof NoSuchImageError)) throw error;
      throw new NotFoundError('manifest', version, { ...this.#name, url: '' });
    }
  }

  async head(repository: string, tag: string, signal: AbortSignal): Promise<Digest> {
    return (await this.manifest(repository, tag, signal)).digest;
  }

  hasManifest(repository: string, digest: Digest): Promise<boolean> {
    return this.#source.hasManifest(repository, digest);
  }

  blobBytes(repository: string, blob: Descriptor, limit: number, signal: AbortSignal): Promise<Uint8Array> {
    return this.#source.blobBytes(repository, blob, limit, signal);
  }

  blobSize(repository: string, digest: Digest): Promise<number> {
    return this.#source.blobSize(repository, digest);
  }

  blobs(): BlobSource {
    return this.#source;
  }

  catalog(): Promise<ListChunk> {
    return Promise.resolve({ items: [this.#name.repository] });
  }

  async manyTags(): Promise<ListChunk> {
    return { items: await this.allTags() };
  }

  async allTags(): Promise<string[]> {
    return [...(await this.#source.tags()).keys()];
  }

  async referrers(repository: string, digest: Digest): Promise<Descriptor[]> {
    return [...(await this.#source.referrers(repository, digest))];
  }
}
