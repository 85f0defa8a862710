import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Logger } from '../../oci/logger.ts';
import { DOCKER_HUB } from '../../oci/reference.ts';
import { Asker, pullScope } from './asker.ts';
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
import { fetchPage, fetchParts, type List, type Page, type PageOptions } from './listing.ts';
import { checkManifest, fetchManifest, type FetchedManifest } from './manifests.ts';
import { pingEndpoint, type PingResult } from './ping.ts';
import type { RateLimit } from '../http/rateLimit.ts';
import { fetchReferrers } from './referrers.ts';
import { RegistryBlobs } from './registryBlobs.ts';
import type { Transport } from '../http/transport.ts';

/** Parts of this length make long lists short to read; registries that allow only shorter ones say 400. */
const LONG_PAGE = 1000;

/** One registry with its mirrors, as a caller sees it: content by name, whoever gives it. Methods reject with the classes of errors.ts. */
export class RegistryClient {
  readonly config: RegistryConfig;
  readonly #endpoints: readonly [...Endpoint[], Endpoint];
  readonly #asker: Asker;
  readonly #logger: Logger;
  readonly #blobs = new Map<string, RegistryBlobs>();
  #rateLimit: RateLimit | undefined;

  /** @throws {InsecureRefusedError} the configuration wants plain HTTP to another machine without saying `insecure` */
  constructor(config: RegistryConfig, transport: Transport, authorizer: Authorizer, logger: Logger) {
    this.config = config;
    this.#endpoints = endpointsOf(config);
    this.#asker = new Asker(transport, authorizer);
    this.#logger = logger;
  }

  /** How many more pulls the registry allows, as its last manifest told; undefined where it tells nothing. */
  get rateLimit(): RateLimit | undefined {
    return this.#rateLimit;
  }

  /** Looks what answers at the registry's own address. */
  async ping(signal: AbortSignal): Promise<PingResult> {
    return pingEndpoint(this.#asker, this.#own, signal);
  }

  /**
   * A manifest's very bytes.
   * @param version a tag or a digest
   * @param size bytes, where a descriptor told them
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

  /** The blobs of one repository; always the same object, so that it learns. */
  blobs(repository: string): RegistryBlobs {
    const known = this.#blobs.get(repository);
    if (known) return known;
    const blobs = new RegistryBlobs(this.#asker, this.#endpoints, repository, this.#logger);
    this.#blobs.set(repository, blobs);
    return blobs;
  }

  /** A small blob as a whole, verified. @param limit bytes */
  async blobBytes(repository: string, blob: Descriptor, limit: number, signal: AbortSignal): Promise<Uint8Array> {
    return this.blobs(repository).bytes(blob, limit, signal);
  }

  /** A blob's length as the registry tells it, for manifests that do not. */
  async blobSize(repository: string, digest: Digest, signal: AbortSignal): Promise<number> {
    return this.blobs(repository).size(digest, signal);
  }

  /** A part of the list of repositories; a mirror's would be only of what it has cached. @throws {NoCatalogError} the registry gives none */
  async catalog(options: PageOptions, signal: AbortSignal): Promise<Page> {
    const where = { registry: this.config.name };
    if (this.config.name === DOCKER_HUB) throw new NoCatalogError(where);
    try {
      return await fetchPage(this.#asker, this.#own, CATALOG, options, signal);
    } catch (error) {
      const refused =
        error instanceof UnauthorizedError || error instanceof ForbiddenError || error instanceof NotFoundError;
      const unknown = error instanceof ServerError && [400, 404, 405, 501].includes(error.status);
      throw refused || unknown ? new NoCatalogError(where, error) : error;
    }
  }

  /** A part of a repository's tags, in the registry's order. */
  async tags(repository: string, options: PageOptions, signal: AbortSignal): Promise<Page> {
    const list: List = {
      path: `${repository}/tags/list`,
      member: 'tags',
      scope: pullScope(repository),
      repository,
      wanted: { what: 'repository' },
    };
    return failover(
      this.#endpoints,
      endpoint => fetchPage(this.#asker, endpoint, list, options, signal),
      signal,
      this.#logger,
    );
  }

  /** All tags of a repository, each once, in the registry's order. */
  async allTags(repository: string, signal: AbortSignal): Promise<string[]> {
    return [...(await this.manyTags(repository, undefined, Infinity, signal)).items];
  }

  /** Tags of a repository in parts as long as the registry gives them, until so many were read. @param from a `next`, or undefined */
  async manyTags(repository: string, from: string | undefined, parts: number, signal: AbortSignal): Promise<Page> {
    const read = (size: number | undefined): Promise<Page> =>
      fetchParts(last => this.tags(repository, { last, size }, signal), from, parts);
    try {
      return await read(LONG_PAGE);
    } catch (error) {
      if (!(error instanceof ServerError) || error.status !== 400) throw error;
      return read(undefined);
    }
  }

  /** What points to a manifest. @param artifactType only these; undefined = all */
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

  /** On mirrors of Docker Hub, `mirror/nginx` must be `mirror/library/nginx`, which people cannot know. */
  async #withHint(error: unknown, repository: string, version: string, signal: AbortSignal): Promise<unknown> {
    const missing = error instanceof NotFoundError || error instanceof UnauthorizedError;
    if (!missing || repository.includes('/') || this.config.name === DOCKER_HUB) return error;
    const suggestion = `library/${repository}`;
    try {
      await checkManifest(this.#asker, this.#own, suggestion, version, signal);
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
