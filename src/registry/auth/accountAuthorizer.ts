import type { Logger } from '../../oci/logger.ts';
import type { AuthorizationRequest, Authorizer } from './authorizer.ts';
import { chooseChallenge, parseChallenges, type Challenge } from './challenge.ts';
import type { Endpoint } from '../config.ts';
import { apiUrl, isLoopbackHost } from '../config.ts';
import { basicAuthorization, type Credential, type CredentialSource } from './credentials.ts';
import { UnauthorizedError } from '../errors.ts';
import { writeAccessOf } from './scope.ts';
import { SharedTasks } from '../sharedTasks.ts';
import { fetchToken, type Token } from './tokenServer.ts';
import type { Transport } from '../http/transport.ts';

interface CachedToken extends Token {
  readonly header: string;
  /** The scope asked for at the token server. */
  readonly granted: string;
  /** It was used before, so a refusal may only mean that it has become stale. */
  reused: boolean;
}

/** What a registry wants for a kind of scope. */
interface Known {
  readonly challenge: Challenge;
  /**
   * Its challenges name the scopes that Peel asks for, so tokens can be fetched ahead of requests.
   */
  readonly usualScopes: boolean;
}

/**
 * Milliseconds for which a found account is remembered; running a helper for each layer would be
 * slow.
 */
const REMEMBER_ACCOUNT = 30_000;

/**
 * Finds accounts and exchanges them for what a registry wants. Requests are anonymous until the
 * registry asks for more.
 */
export class AccountAuthorizer implements Authorizer {
  readonly #transport: Transport;
  readonly #sources: readonly CredentialSource[];
  readonly #logger: Logger;
  readonly #tokens = new Map<string, CachedToken>();
  /**
   * By address and kind of scope: Harbor wants Bearer for repositories and Basic for its catalog.
   */
  readonly #known = new Map<string, Known>();
  readonly #accounts = new Map<string, { readonly found: Credential | undefined; readonly until: number }>();
  readonly #fetching = new SharedTasks<CachedToken>();
  /** Counts sign-ins and sign-outs: what was asked before one must not be remembered after it. */
  #era = 0;

  /** @param sources asked in this order; the first account found is used */
  constructor(transport: Transport, sources: readonly CredentialSource[], logger: Logger) {
    this.#transport = transport;
    this.#sources = sources;
    this.#logger = logger;
  }

  async authorization(request: AuthorizationRequest, signal: AbortSignal): Promise<string | undefined> {
    const cached = this.#tokens.get(tokenKey(request));
    if (cached && cached.expires > Date.now()) {
      cached.reused = true;
      return cached.header;
    }
    const known = this.#known.get(knownKey(request));
    if (!known || (known.challenge.scheme === 'bearer' && (!known.usualScopes || request.scope === '')))
      return undefined;
    try {
      return await this.#answer(request, known.challenge, request.scope, signal);
    } catch (error) {
      signal.throwIfAborted();
      // The request itself will be refused, and say more.
      this.#logger.debug(
        `${request.registry}: no token ahead of the request: ${error instanceof Error ? error.name : 'failed'}`,
      );
      return undefined;
    }
  }

  async challenged(
    request: AuthorizationRequest,
    challenges: readonly string[],
    used: string | undefined,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    if (request.status !== undefined && request.status !== 401 && !(await this.#account(request, signal)))
      return undefined;
    const challenge = chooseChallenge(parseChallenges(challenges)) ?? (await this.#challengeOfRoot(request, signal));
    if (!challenge) return used === undefined ? this.#unasked(request, signal) : undefined;
    const scope = challenge.parameters.scope || request.scope;
    this.#known.set(knownKey(request), {
      challenge: withoutScope(challenge),
      usualScopes: sameScopes(scope, request.scope) || scope === '',
    });
    const cached = this.#tokens.get(tokenKey(request));
    // Another request got a token in the meantime.
    if (
      challenge.scheme === 'bearer' &&
      cached &&
      cached.header !== used &&
      cached.expires > Date.now() &&
      sameScopes(cached.granted, scope)
    )
      return cached.header;
    if (cached && cached.header === used) {
      this.#tokens.delete(tokenKey(request));
      // A new scheme is a new attempt.
      const sameAgain = challenge.scheme === 'bearer' && sameScopes(cached.granted, scope);
      if (!cached.reused && sameAgain) return undefined;
    }
    const header = await this.#answer(request, challenge, scope, signal);
    return header === used ? undefined : header;
  }

  /** Forgets a registry's accounts and tokens. Call it after signing in or out. */
  forget(registry: string): void {
    this.#era += 1;
    for (const key of this.#accounts.keys()) if (key.startsWith(`${registry}\n`)) this.#accounts.delete(key);
    for (const key of this.#tokens.keys()) if (key.startsWith(`${registry}\n`)) this.#tokens.delete(key);
  }

  async #answer(
    request: AuthorizationRequest,
    challenge: Challenge,
    scope: string,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const account = await this.#account(request, signal);
    if (account && 'registryToken' in account) return `Bearer ${account.registryToken}`;
    if (challenge.scheme === 'basic')
      return account && 'username' in account ? basicAuthorization(account.username, account.password) : undefined;
    const key = tokenKey(request);
    const era = this.#era;
    const fetched = await this.#fetching.share(`${era}\n${key}\n${scope}`, signal, async shared => {
      const { token, expires } = await this.#fetch(request, challenge, scope, account, shared);
      const entry: CachedToken = { token, expires, header: `Bearer ${token}`, granted: scope, reused: false };
      if (era === this.#era) this.#tokens.set(key, entry);
      return entry;
    });
    return fetched.header;
  }

  /**
   * If the account is refused, tries an anonymous token: a stale account must not block what is
   * public. Writing is never anonymous then, since the failure that follows would mislead.
   */
  async #fetch(
    request: AuthorizationRequest,
    challenge: Challenge,
    scope: string,
    account: Credential | undefined,
    signal: AbortSignal,
  ): Promise<Token> {
    const endpoint = asEndpoint(request);
    try {
      return await fetchToken(this.#transport, endpoint, challenge, scope, account, signal);
    } catch (error) {
      if (!account || !(error instanceof UnauthorizedError) || writeAccessOf(scope) !== undefined) throw error;
      this.#logger.warn(`${request.registry} doesn't accept its account; continuing without.`);
      try {
        return await fetchToken(this.#transport, endpoint, challenge, scope, undefined, signal);
      } catch {
        throw error;
      }
    }
  }

  /** Some registries refuse without a challenge (gcr.io did), but send one at the API's root. */
  async #challengeOfRoot(request: AuthorizationRequest, signal: AbortSignal): Promise<Challenge | undefined> {
    const known = this.#known.get(knownKey(request));
    if (known) return known.challenge;
    const response = await this.#transport.send({ endpoint: asEndpoint(request), url: apiUrl(request, '') }, signal);
    response.discard();
    return response.status === 401 ? chooseChallenge(parseChallenges(response.headers['www-authenticate'])) : undefined;
  }

  /**
   * Tries Basic at a registry that never says what it wants, over encrypted or local connections
   * only.
   */
  async #unasked(request: AuthorizationRequest, signal: AbortSignal): Promise<string | undefined> {
    const { protocol, hostname } = new URL(request.url);
    if (protocol !== 'https:' && !isLoopbackHost(hostname)) return undefined;
    const account = await this.#account(request, signal);
    if (account && 'registryToken' in account) return `Bearer ${account.registryToken}`;
    return account && 'username' in account ? basicAuthorization(account.username, account.password) : undefined;
  }

  async #account(request: AuthorizationRequest, signal: AbortSignal): Promise<Credential | undefined> {
    const repository = /^repository:(.+):[^:]*$/.exec(request.scope.split(' ')[0] ?? '')?.[1];
    const key = `${request.registry}\n${repository ?? ''}`;
    const remembered = this.#accounts.get(key);
    if (remembered && remembered.until > Date.now()) return remembered.found;
    const era = this.#era;
    const found = await this.#search(request.registry, repository, signal);
    if (era === this.#era) this.#accounts.set(key, { found, until: Date.now() + REMEMBER_ACCOUNT });
    return found;
  }

  async #search(
    registry: string,
    repository: string | undefined,
    signal: AbortSignal,
  ): Promise<Credential | undefined> {
    for (const source of this.#sources) {
      try {
        const found = await source.find(registry, repository, signal);
        if (found) return found;
      } catch (error) {
        signal.throwIfAborted();
        this.#logger.warn(
          `Can't look up the account of ${registry} in ${source.name}: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    }
    return undefined;
  }
}

function withoutScope(challenge: Challenge): Challenge {
  const { scope: _scope, error: _error, ...parameters } = challenge.parameters;
  return { scheme: challenge.scheme, parameters };
}

function sameScopes(one: string, other: string): boolean {
  const sorted = (text: string): string => [...new Set(text.split(' ').filter(Boolean))].sort().join(' ');
  return sorted(one) === sorted(other);
}

/** A repository's scope and the catalog's may need different schemes. */
function knownKey({ url, scope }: AuthorizationRequest): string {
  return `${url}\n${scope.split(':', 1)[0] ?? ''}`;
}

function tokenKey(request: AuthorizationRequest): string {
  return `${request.registry}\n${request.url}\n${request.scope}`;
}

function asEndpoint(request: AuthorizationRequest): Endpoint {
  const { registry, scope: _scope, status: _status, ...rest } = request;
  return { name: registry, ...rest };
}
