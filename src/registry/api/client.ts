import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Logger } from '../../oci/logger.ts';
import { DOCKER_HUB } from '../../oci/reference.ts';
import { Asker } from './asker.ts';
import type { Authorizer } from '../auth/authorizer.ts';
import { endpointsOf, type Endpoint, type RegistryConfig } from '../config.ts';
import {
  ForbiddenError,
  NoCatalogError,
  NotFoundError,
  RegistryError,
  ServerError,
  UnauthorizedError,
} from '../errors.ts';
import { failover } from '../http/failover.ts';
import { fetchChunk, fetchParts, tagsOf, type List, type ListChunk, type ChunkOptions } from './listing.ts';
import { fetchManifest, headManifest, type FetchedManifest } from './manifests.ts';
import { pingEndpoint, type PingResult } from './ping.ts';
import type { RateLimit } from '../http/rateLimit.ts';
import { fetchReferrers } from './referrers.ts';
import { RegistryBlobs } from './registryBlobs.ts';
import type { Transport } from '../http/transport.ts';

/** Names per request for long lists; registries that allow only fewer answer 400. */
const LONG_CHUNK = 1000;

/**
 * A registry with its mirrors: content by name, from whichever has it. Methods reject with the
 * classes of errors.ts.
 */
export class RegistryClient {
  readonly config: RegistryConfig;
  readonly #endpoints: readonly [...Endpoint[], Endpoint];
  readonly #asker: Asker;
  readonly #logger: Logger;
  readonly #blobs = new Map<string, RegistryBlobs>();
  #rateLimit: RateLimit | undefined;

  /** @throws {InsecureRefusedError} plain HTTP to another machine without `insecure` */
  constructor(config: RegistryConfig, transport: Transport, authorizer: Authorizer, logger: Logger) {
    this.config = config;
    this.#endpoints = endpointsOf(config);
    this.#asker = new Asker(transport, authorizer);
    this.#logger = logger;
  }

  /** How many pulls the registry still allows, from its last manifest. */
  get rateLimit(): RateLimit | undefined {
    return this.#rateLimit;
  }

  /** Checks what answers at the registry's own address. */
  async ping(signal: AbortSignal): Promise<PingResult> {
    return pingEndpoint(this.#asker, this.#own, signal);
  }

  /**
   * Downloads a manifest, byte for byte.
   * @param version a tag or a digest
   * @param size bytes, if a descriptor states them
   */
  async manifest(repository: string, version: string, signal: AbortSignal, size = -1): Promise<FetchedManifest> {
    const fetch = (endpoint: Endpoint): Promise<FetchedManifest> =>
      fetchManifest(this.#asker, endpoint, repository, version, size, signal, this.#logger);
    try {
      const manifest = await failover(this.#endpoints, fetch, signal, this.#logger);
      this.#rateLimit = manifest.rateLimit ?? this.#rateLimit;
      return manifest;
    } catch (error) {
      throw await this.#withHint(error, repository, version, signal);
    }
  }

  /** Returns the digest that a tag points to; undefined if the registry's HEAD doesn't say it. */
  async head(repository: string, tag: string, signal: AbortSignal): Promise<Digest | undefined> {
    try {
      return await headManifest(this.#asker, this.#own, repository, tag, signal);
    } catch (error) {
      if (error instanceof ServerError && [400, 405, 501].includes(error.status)) return undefined;
      throw error;
    }
  }

  /** Returns the blobs of a repository, always as the same object, which remembers good places. */
  blobs(repository: string): RegistryBlobs {
    const known = this.#blobs.get(repository);
    if (known) return known;
    const blobs = new RegistryBlobs(this.#asker, this.#endpoints, repository, this.#logger);
    this.#blobs.set(repository, blobs);
    return blobs;
  }

  /** Downloads a small blob and verifies it. @param limit bytes */
  async blobBytes(repository: string, blob: Descriptor, limit: number, signal: AbortSignal): Promise<Uint8Array> {
    return this.blobs(repository).bytes(blob, limit, signal);
  }

  /** Returns a blob's length, for manifests that don't state it. */
  async blobSize(repository: string, digest: Digest, signal: AbortSignal): Promise<number> {
    return this.blobs(repository).size(digest, signal);
  }

  /**
   * Returns a part of the registry's list of repositories; a mirror only lists what it has cached.
   * @throws {NoCatalogError}
   */
  async catalog(options: ChunkOptions, signal: AbortSignal): Promise<ListChunk> {
    const where = { registry: this.config.name };
    if (this.config.name === DOCKER_HUB) throw new NoCatalogError(where);
    try {
      return await fetchChunk(this.#asker, this.#own, CATALOG, options, signal);
    } catch (error) {
      const refused =
        error instanceof UnauthorizedError || error instanceof ForbiddenError || error instanceof NotFoundError;
      const unknown = error instanceof ServerError && [400, 404, 405, 501].includes(error.status);
      throw refused || unknown ? new NoCatalogError(where, error) : error;
    }
  }

  /** Returns a part of a repository's tags, in the registry's order. */
  async tags(repository: string, options: ChunkOptions, signal: AbortSignal): Promise<ListChunk> {
    return failover(
      this.#endpoints,
      endpoint => fetchChunk(this.#asker, endpoint, tagsOf(repository), options, signal),
      signal,
      this.#logger,
    );
  }

  /** Returns all tags of a repository, in the registry's order. */
  async allTags(repository: string, signal: AbortSignal): Promise<string[]> {
    return [...(await this.manyTags(repository, undefined, Infinity, signal)).items];
  }

  /**
   * Reads a repository's tags, in parts as long as the registry allows.
   * @param from a `next`, or undefined for the start
   * @param parts how many to read at most
   */
  async manyTags(repository: string, from: string | undefined, parts: number, signal: AbortSignal): Promise<ListChunk> {
    const read = (size: number | undefined): Promise<ListChunk> =>
      fetchParts(last => this.tags(repository, { last, size }, signal), from, parts);
    try {
      return await read(LONG_CHUNK);
    } catch (error) {
      if (!(error instanceof ServerError) || error.status !== 400) throw error;
      return read(undefined);
    }
  }

  /** Returns what points to a manifest. @param artifactType only these; undefined = all */
  async referrers(
    repository: string,
    digest: Digest,
    artifactType: string | undefined,
    signal: AbortSignal,
  ): Promise<Descriptor[]> {
    const byTag = (tag: string): Promise<FetchedManifest> => this.manifest(repository, tag, signal);
    const fetch = (endpoint: Endpoint): Promise<Descriptor[]> =>
      fetchReferrers(this.#asker, endpoint, repository, digest, artifactType, byTag, signal);
    return failover(this.#endpoints, fetch, signal, this.#logger);
  }

  get #own(): Endpoint {
    return this.#endpoints[this.#endpoints.length - 1] ?? this.#endpoints[0];
  }

  /**
   * On mirrors of Docker Hub, `mirror/nginx` must be written `mirror/library/nginx`, as few users
   * know.
   */
  async #withHint(error: unknown, repository: string, version: string, signal: AbortSignal): Promise<unknown> {
    const missing = error instanceof NotFoundError || error instanceof UnauthorizedError;
    if (!missing || repository.includes('/') || this.config.name === DOCKER_HUB) return error;
    const suggestion = `library/${repository}`;
    try {
      await headManifest(this.#asker, this.#own, suggestion, version, signal);
      return new NotFoundError(
        'manifest',
        version,
        { registry: this.config.name, repository, url: error.url },
        { suggestion },
      );
    } catch (again) {
      signal.throwIfAborted();
      if (again instanceof RegistryError) return error;
      throw again;
    }
  }
}

const CATALOG: List = {
  path: '_catalog',
  member: 'repositories',
  scope: 'registry:catalog:*',
  wanted: { what: 'page' },
};
