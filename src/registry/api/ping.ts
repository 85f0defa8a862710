import { headerOf } from '../http/headers.ts';
import type { Asker } from './asker.ts';
import { parseChallenges } from '../auth/challenge.ts';
import type { Endpoint } from '../config.ts';
import type { HttpResponse } from '../http/exchange.ts';
import { RegistryError } from '../errors.ts';
import { fetchChunk } from './listing.ts';
import { looksLikeHtml, responseError } from '../http/responseErrors.ts';

/** What answers at an address. */
export interface PingResult {
  /** It supports the distribution API, version 2. */
  readonly v2: boolean;
  /** What it wants: `none`, `basic`, `bearer`, or another scheme. */
  readonly authentication: string;
  /** The token server of `bearer`, without secrets. */
  readonly realm?: string;
  /** It lists its repositories for the current account. */
  readonly catalog: boolean;
  /** The `Server` header. */
  readonly server?: string;
}

const LONGEST_PING = 64 * 1024;

/**
 * Asks `/v2/` without an account, and for the catalog with the current one.
 * @throws {RegistryError} no registry answers
 */
export async function pingEndpoint(asker: Asker, endpoint: Endpoint, signal: AbortSignal): Promise<PingResult> {
  const url = `${endpoint.url}/v2/`;
  const { response, body } = await asker.transport.sendForDocument({ endpoint, url }, LONGEST_PING, signal);
  const where = { registry: endpoint.name, url };
  const { status, headers } = response;
  const text = new TextDecoder().decode(body ?? new Uint8Array());
  const named = headerOf(headers, 'docker-distribution-api-version') !== undefined;
  const challenges = parseChallenges(headers['www-authenticate']);
  const v2 =
    (status === 200 && (named || !looksLikeHtml(text, headers))) ||
    (status === 401 && (named || challenges.length > 0 || !looksLikeHtml(text, headers)));
  if (!v2) throw responseError(response, body, where, 'no registry answers there');
  const challenge =
    challenges.find(({ scheme }) => scheme === 'bearer') ??
    challenges.find(({ scheme }) => scheme === 'basic') ??
    challenges[0];
  const realm = challenge?.scheme === 'bearer' ? challenge.parameters.realm : undefined;
  const server = headerOf(headers, 'server');
  return {
    v2,
    authentication: status === 401 ? (challenge?.scheme ?? 'unknown') : 'none',
    ...(realm === undefined || !URL.canParse(realm, url) ? {} : { realm: withoutQuery(realm, url) }),
    catalog: await hasCatalog(asker, endpoint, status === 401 ? response : undefined, signal),
    ...(server === undefined ? {} : { server }),
  };
}

function withoutQuery(realm: string, base: string): string {
  const { origin, pathname } = new URL(realm, base);
  return `${origin}${pathname}`;
}

async function hasCatalog(
  asker: Asker,
  endpoint: Endpoint,
  refusal: HttpResponse | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  if (endpoint.name === 'docker.io') return false;
  const list = { path: '_catalog', member: 'repositories' as const, scope: 'registry:catalog:*', refusal };
  try {
    await fetchChunk(asker, endpoint, list, { size: 1 }, signal);
    return true;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof RegistryError) return false;
    throw error;
  }
}
