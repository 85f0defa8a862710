import { contentDigest } from '../../oci/contentDigest.ts';
import { digestAlgorithm, isDigest, type Digest } from '../../oci/digest.ts';
import { asString, isObject } from '../../oci/json.ts';
import { bareMediaType, DOCKER_SCHEMA1, DOCKER_SCHEMA1_SIGNED, MANIFEST_ACCEPT } from '../../oci/mediaTypes.ts';
import { DigestMismatchError, SizeMismatchError } from '../../oci/mismatchErrors.ts';
import { schema1Payload } from '../../oci/schema1Payload.ts';
import type { Logger } from '../../oci/logger.ts';
import { pullScope, type Asker, type Question } from './asker.ts';
import type { Endpoint } from '../config.ts';
import { hostOf, HtmlInsteadError, NotFoundError, ServerError, TooLargeError, UnauthorizedError } from '../errors.ts';
import { rateLimitOf, type RateLimit } from '../http/rateLimit.ts';
import { looksLikeHtml, titleOf } from '../http/responseErrors.ts';
import { headerOf } from '../http/retry.ts';

/** A manifest as it came, with the digest that was computed over it. */
export interface FetchedManifest {
  readonly bytes: Uint8Array;
  /** The Content-Type without parameters; many registries send nonsense in it. */
  readonly mediaType: string;
  /** Computed; for signed schema 1 over its payload. */
  readonly digest: Digest;
  /** The address that gave it: the registry's or a mirror's. */
  readonly source: string;
  readonly rateLimit?: RateLimit;
}

/** What distribution-spec sets as the length that every registry must take; nothing honest is longer. */
const LONGEST_MANIFEST = 4 * 1024 * 1024;

/**
 * Gets one manifest from one endpoint and checks it: its length, its size where it is known, its digest where it was asked for by digest.
 * @param version a tag or a digest
 * @param size bytes as a descriptor says; -1 = not known
 * @throws {DigestMismatchError} @throws {SizeMismatchError} @throws {TooLargeError} @throws {NotFoundError} and the network's failures
 */
export async function fetchManifest(
  asker: Asker,
  endpoint: Endpoint,
  repository: string,
  version: string,
  size: number,
  signal: AbortSignal,
  logger: Logger,
): Promise<FetchedManifest> {
  const { response, body } = await asker
    .askForBody(endpoint, question(repository, version), LONGEST_MANIFEST, signal)
    .catch(explainHub);
  const where = { registry: endpoint.name, repository, url: response.url };
  if (body === undefined) throw new TooLargeError(LONGEST_MANIFEST, where);
  const mediaType = bareMediaType(headerOf(response.headers, 'content-type'));
  if (looksLikeHtml(new TextDecoder().decode(body.subarray(0, 1024)), response.headers)) {
    throw new HtmlInsteadError(where, response.status, titleOf(new TextDecoder().decode(body.subarray(0, 65_536))));
  }
  if (size >= 0 && body.length !== size) throw new SizeMismatchError(version, size, body.length, hostOf(where));
  const digest = computeDigest(body, mediaType, isDigest(version) ? version : undefined);
  if (isDigest(version) && digest !== version) throw new DigestMismatchError(version, digest, hostOf(where));
  const told = headerOf(response.headers, 'docker-content-digest');
  if (told !== undefined && told !== digest && (!isDigest(told) || digestAlgorithm(told) === digestAlgorithm(digest))) {
    logger.debug(`${endpoint.name} calls ${repository}:${version} by a wrong digest; the computed one is taken`);
  }
  const rateLimit = rateLimitOf(response.headers);
  return { bytes: body, mediaType, digest, source: endpoint.url, ...(rateLimit ? { rateLimit } : {}) };
}

/** Asks for a manifest's head, which counts against no rate limit. @throws {RegistryError} the registry doesn't have it, or doesn't know HEAD */
export async function checkManifest(
  asker: Asker,
  endpoint: Endpoint,
  repository: string,
  version: string,
  signal: AbortSignal,
): Promise<void> {
  const head = await asker.ask(endpoint, { ...question(repository, version), method: 'HEAD' }, signal);
  head.discard();
}

function question(repository: string, version: string): Question {
  return {
    path: `${repository}/manifests/${version}`,
    headers: { accept: MANIFEST_ACCEPT },
    scope: pullScope(repository),
    repository,
    wanted: { what: 'manifest', version },
  };
}

/** The raw bytes' digest is tried first: only a signed schema 1 document has another, over its payload. */
function computeDigest(bytes: Uint8Array, mediaType: string, wanted: Digest | undefined): Digest {
  const algorithm = wanted === undefined ? 'sha256' : digestAlgorithm(wanted);
  const raw = contentDigest(bytes, algorithm);
  if (raw === wanted || !isSchema1(bytes, mediaType)) return raw;
  return contentDigest(schema1Payload(bytes), algorithm);
}

function isSchema1(bytes: Uint8Array, mediaType: string): boolean {
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (!isObject(json)) return false;
    const said = bareMediaType(asString(json.mediaType)) || mediaType;
    return json.schemaVersion === 1 || said === DOCKER_SCHEMA1 || said === DOCKER_SCHEMA1_SIGNED;
  } catch {
    return false;
  }
}

/** Docker Hub refuses what does not exist as if it were private, so a refusal to one without an account says nothing. */
function explainHub(error: unknown): never {
  if (error instanceof UnauthorizedError && error.registry === 'docker.io' && error.repository !== undefined) {
    throw new NotFoundError(
      'repository',
      undefined,
      { registry: error.registry, repository: error.repository, url: error.url },
      { orNoAccess: true },
    );
  }
  throw error instanceof Error ? error : new ServerError(0, undefined, String(error), { registry: '' });
}
