import { headerOf } from '../http/headers.ts';
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

/** A manifest as received, and its digest. */
export interface FetchedManifest {
  readonly bytes: Uint8Array;
  /** The Content-Type without parameters; many registries send a wrong one. */
  readonly mediaType: string;
  /** Computed over the bytes; for signed schema 1, over its payload. */
  readonly digest: Digest;
  /** The address it came from: the registry's or a mirror's. */
  readonly source: string;
  readonly rateLimit?: RateLimit;
}

/** Bytes; distribution-spec requires registries to accept no more. */
const LONGEST_MANIFEST = 4 * 1024 * 1024;

/**
 * Downloads a manifest from one endpoint and checks its size, if known, and its digest, if asked
 * for by it.
 * @param version a tag or a digest
 * @param size bytes, from a descriptor; -1 = unknown
 * @throws {DigestMismatchError} @throws {SizeMismatchError} @throws {TooLargeError} @throws
 * {NotFoundError} and the network's failures
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
    .askForDocument(endpoint, question(repository, version), LONGEST_MANIFEST, signal)
    .catch(explainHub);
  const where = { registry: endpoint.name, repository, url: response.url };
  if (body === undefined) throw new TooLargeError(LONGEST_MANIFEST, where);
  const mediaType = bareMediaType(headerOf(response.headers, 'content-type'));
  if (looksLikeHtml(new TextDecoder().decode(body.subarray(0, 1024)), response.headers)) {
    throw new HtmlInsteadError(where, response.status, titleOf(new TextDecoder().decode(body.subarray(0, 65_536))));
  }
  // Mirrors do that. Failing here makes the next place be asked.
  if (isEmptyDocument(body)) throw new ServerError(response.status, undefined, 'its manifest is empty', where);
  if (size >= 0 && body.length !== size) throw new SizeMismatchError(version, size, body.length, hostOf(where));
  const digest = computeDigest(body, mediaType, isDigest(version) ? version : undefined);
  if (isDigest(version) && digest !== version) throw new DigestMismatchError(version, digest, hostOf(where));
  const named = headerOf(response.headers, 'docker-content-digest');
  if (
    named !== undefined &&
    named !== digest &&
    (!isDigest(named) || digestAlgorithm(named) === digestAlgorithm(digest))
  ) {
    logger.debug(`${endpoint.name} sent a wrong digest for ${repository}:${version}; using the computed one`);
  }
  const rateLimit = rateLimitOf(response.headers);
  return { bytes: body, mediaType, digest, source: endpoint.url, ...(rateLimit ? { rateLimit } : {}) };
}

/**
 * Asks for a manifest's head, which doesn't count against rate limits. Returns its digest, if the
 * registry says it.
 * @throws {RegistryError} it doesn't exist, or HEAD isn't supported
 */
export async function headManifest(
  asker: Asker,
  endpoint: Endpoint,
  repository: string,
  version: string,
  signal: AbortSignal,
): Promise<Digest | undefined> {
  const head = await asker.ask(endpoint, { ...question(repository, version), method: 'HEAD' }, signal);
  head.discard();
  const digest = headerOf(head.headers, 'docker-content-digest');
  return isDigest(digest) ? digest : undefined;
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

/** Returns the digest of the bytes, or of the payload if they are a signed schema 1 manifest. */
function computeDigest(bytes: Uint8Array, mediaType: string, wanted: Digest | undefined): Digest {
  const algorithm = wanted === undefined ? 'sha256' : digestAlgorithm(wanted);
  const raw = contentDigest(bytes, algorithm);
  if (raw === wanted || !isSchema1(bytes, mediaType)) return raw;
  return contentDigest(schema1Payload(bytes), algorithm);
}

/** Returns whether a body has nothing in it: no bytes, `null`, `{}`. */
function isEmptyDocument(body: Uint8Array): boolean {
  return body.length < 100 && /^\s*(?:null|\{\s*\})?\s*$/.test(Buffer.from(body).toString('latin1'));
}

function isSchema1(bytes: Uint8Array, mediaType: string): boolean {
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (!isObject(json)) return false;
    const type = bareMediaType(asString(json.mediaType)) || mediaType;
    return json.schemaVersion === 1 || type === DOCKER_SCHEMA1 || type === DOCKER_SCHEMA1_SIGNED;
  } catch {
    return false;
  }
}

/** Docker Hub's refusals are the same for what is private and for what doesn't exist. */
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
