import { createHash } from 'node:crypto';
import { digestAlgorithm, isDigest, type Digest } from '../../oci/digest.ts';
import { asString, isObject } from '../../oci/json.ts';
import { bareMediaType, DOCKER_SCHEMA1, DOCKER_SCHEMA1_SIGNED, MANIFEST_ACCEPT } from '../../oci/mediaTypes.ts';
import { schema1Payload } from '../../oci/schema1Digest.ts';
import type { Logger } from '../../oci/logger.ts';
import { pullScope, type Asker, type Question } from './asker.ts';
import type { Endpoint } from '../config.ts';
import { DigestMismatch, HtmlInstead, NotFound, ServerError, SizeMismatch, TooLarge, Unauthorized } from '../errors.ts';
import type { HttpHeaders } from '../http/exchange.ts';
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

/** What a HEAD tells of a manifest, unverified. */
export interface ManifestHead {
  readonly digest: Digest | undefined;
  readonly mediaType: string;
  readonly size: number | undefined;
  readonly rateLimit?: RateLimit;
}

/** What distribution-spec sets as the length that every registry must take; nothing honest is longer. */
const LONGEST_MANIFEST = 4 * 1024 * 1024;

/**
 * Gets one manifest from one endpoint and checks it: its length, its size where it is known, its digest where it was asked for by digest.
 * @param version a tag or a digest
 * @param size bytes as a descriptor says; -1 = not known
 * @throws {DigestMismatch} @throws {SizeMismatch} @throws {TooLarge} @throws {NotFound} and the network's failures
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
  if (body === undefined) throw new TooLarge(LONGEST_MANIFEST, where);
  const mediaType = bareMediaType(headerOf(response.headers, 'content-type'));
  if (looksLikeHtml(new TextDecoder().decode(body.subarray(0, 1024)), response.headers)) {
    throw new HtmlInstead(where, response.status, titleOf(new TextDecoder().decode(body.subarray(0, 65_536))));
  }
  if (size >= 0 && body.length !== size) throw new SizeMismatch(size, body.length, where);
  const digest = computeDigest(body, mediaType, isDigest(version) ? version : undefined);
  if (isDigest(version) && digest !== version) throw new DigestMismatch(version, digest, where);
  const told = headerOf(response.headers, 'docker-content-digest');
  if (told !== undefined && told !== digest && (!isDigest(told) || digestAlgorithm(told) === digestAlgorithm(digest))) {
    logger.debug(`${endpoint.name} calls ${repository}:${version} by a wrong digest; the computed one is taken`);
  }
  const rateLimit = rateLimitOf(response.headers);
  return { bytes: body, mediaType, digest, source: endpoint.url, ...(rateLimit ? { rateLimit } : {}) };
}

/** Asks for a manifest's head; a registry that knows no HEAD answers by GET. */
export async function headManifest(
  asker: Asker,
  endpoint: Endpoint,
  repository: string,
  version: string,
  signal: AbortSignal,
): Promise<ManifestHead> {
  const asked = question(repository, version);
  const head = await asker.ask(endpoint, { ...asked, method: 'HEAD', accepted: [405, 501] }, signal).catch(explainHub);
  head.discard();
  if (head.status === 200) return readHead(head.headers);
  const { response, body } = await asker.askForBody(endpoint, asked, LONGEST_MANIFEST, signal).catch(explainHub);
  const read = readHead(response.headers);
  if (body === undefined) return read;
  return {
    ...read,
    digest: computeDigest(body, read.mediaType, isDigest(version) ? version : undefined),
    size: body.length,
  };
}

function readHead(headers: HttpHeaders): ManifestHead {
  const digest = headerOf(headers, 'docker-content-digest');
  const length = headerOf(headers, 'content-length');
  const rateLimit = rateLimitOf(headers);
  return {
    digest: isDigest(digest) ? digest : undefined,
    mediaType: bareMediaType(headerOf(headers, 'content-type')),
    size: length !== undefined && /^\d+$/.test(length) ? Number(length) : undefined,
    ...(rateLimit ? { rateLimit } : {}),
  };
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
  const raw: Digest = `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
  if (raw === wanted || !isSchema1(bytes, mediaType)) return raw;
  return `${algorithm}:${createHash(algorithm).update(schema1Payload(bytes)).digest('hex')}`;
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
  if (error instanceof Unauthorized && error.registry === 'docker.io' && error.repository !== undefined) {
    throw new NotFound(
      'repository',
      undefined,
      { registry: error.registry, repository: error.repository, url: error.url },
      { orNoAccess: true },
    );
  }
  throw error instanceof Error ? error : new ServerError(0, undefined, String(error), { registry: '' });
}
