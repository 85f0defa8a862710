import type { Logger } from '../../oci/logger.ts';
import { mayLead, resolveZone, zoneOfHost, type Zone } from './addresses.ts';
import type { Endpoint } from '../config.ts';
import { Dispatchers, type Trust } from './dispatchers.ts';
import { ProxyError, RedirectRefusedError } from '../errors.ts';
import { exchange, type HttpResponse, type Method, type Upload } from './exchange.ts';
import { isRetryableError, networkError } from './networkErrors.ts';
import { proxyFault, proxyFor } from './proxies.ts';
import { checkTarget, isRedirect, keepsSecrets, MOST_REDIRECTS, redirectTarget } from './redirects.ts';
import { quoteFromServer, redactUrl } from '../redact.ts';
import { backoff, isRetryableStatus, pause, retryAfter } from './retry.ts';
import type { TransportOptions } from './transportOptions.ts';
import { parseWarnings, type HttpHeaders, headerOf } from './headers.ts';

/**
 * A request to an endpoint, or to an address that the endpoint's answers name (a token server, a
 * foreign layer).
 */
export interface HttpRequest {
  readonly endpoint: Endpoint;
  readonly url: string;
  readonly method?: Method;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent only to `url`'s origin, never to a redirect's target elsewhere. */
  readonly authorization?: string | undefined;
  /** A string is a form with secrets. */
  readonly body?: string | Upload | undefined;
  readonly repository?: string | undefined;
  /** Never repeated here: after a failure, the caller must find out what has arrived. */
  readonly once?: boolean | undefined;
  /** Milliseconds to wait for the answer, if not the usual time. */
  readonly firstByteTimeout?: number | undefined;
}

/**
 * Sends requests, with proxies, certificates, redirects, retries and timeouts. It doesn't know
 * registries' answers and accounts.
 */
export class Transport {
  readonly options: TransportOptions;
  readonly #logger: Logger;
  readonly #dispatchers: Dispatchers;
  /** When each origin may be asked again, as it demanded; in milliseconds since 1970. */
  readonly #pausedUntil = new Map<string, number>();
  readonly #shownWarnings = new Set<string>();
  #refusals = 0;

  constructor(options: TransportOptions, logger: Logger) {
    this.options = options;
    this.#logger = logger;
    this.#dispatchers = new Dispatchers(options);
  }

  /** How often a server asked for fewer requests: the answers with status 429. */
  get refusals(): number {
    return this.#refusals;
  }

  /**
   * Returns the answer's head, whatever its status, after redirects and retries. Each retry starts
   * at `url` again, since redirect targets expire. The caller must consume or discard the body, and
   * resume it if it breaks off.
   * @throws {RegistryError} the network failed
   */
  async send(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    return this.#retrying(request, signal, response => Promise.resolve(response));
  }

  /**
   * Like {@link send}, but returns the whole body as sent, and retries if it breaks off. `body` is
   * undefined if longer than `limit`.
   */
  async sendForBytes(
    request: HttpRequest,
    limit: number,
    signal: AbortSignal,
  ): Promise<{ response: HttpResponse; body: Uint8Array | undefined }> {
    return this.#retrying(request, signal, async response => ({ response, body: await response.bytes(limit) }));
  }

  /** Like {@link sendForBytes}, for a document, whose Content-Encoding is undone. */
  async sendForDocument(
    request: HttpRequest,
    limit: number,
    signal: AbortSignal,
  ): Promise<{ response: HttpResponse; body: Uint8Array | undefined }> {
    return this.#retrying(request, signal, async response => ({ response, body: await response.document(limit) }));
  }

  /** Closes all connections. */
  async close(): Promise<void> {
    await this.#dispatchers.close();
  }

  async #retrying<T>(
    request: HttpRequest,
    signal: AbortSignal,
    use: (response: HttpResponse) => Promise<T>,
  ): Promise<T> {
    let renewed = request.once === true;
    for (let attempt = 1; ; attempt++) {
      const last = request.once === true || attempt >= this.options.tries;
      await this.#waitForOrigin(request, signal);
      let delay: number | undefined;
      try {
        const response = await this.#follow(request, signal);
        if (response.status === 429) this.#refusals += 1;
        if (!renewed && mayHaveExpired(response, request)) {
          renewed = true;
          response.discard();
          continue;
        }
        delay = last ? undefined : this.#delayAfter(response, request, attempt);
        if (delay === undefined) return await use(response);
        this.#logger.debug(`${redactUrl(response.url)} answered ${response.status}; trying again`);
        response.discard();
      } catch (error) {
        signal.throwIfAborted();
        const failure = networkError(error, {
          registry: request.endpoint.name,
          repository: request.repository,
          url: request.url,
        });
        if (last || !isRetryableError(failure)) throw failure;
        this.#logger.debug(
          `${redactUrl(request.url)}: ${failure instanceof Error ? failure.name : 'failed'}; trying again`,
        );
        delay = backoff(attempt, this.options.retryDelay);
      }
      await pause(delay, signal);
    }
  }

  /** Returns the milliseconds to wait before the next attempt; undefined if the answer is final. */
  #delayAfter(response: HttpResponse, request: HttpRequest, attempt: number): number | undefined {
    if (!isRetryableStatus(response.status)) return undefined;
    const asked = retryAfter(response.headers);
    if (asked !== undefined) {
      if (asked > this.options.longestRetryAfter) return undefined;
      this.#pausedUntil.set(new URL(request.url).origin, Date.now() + asked);
      return asked;
    }
    // Docker Hub's allowance, once used up, doesn't return within seconds.
    if (response.status === 429 && headerOf(response.headers, 'ratelimit-remaining')?.startsWith('0')) return undefined;
    return backoff(attempt, this.options.retryDelay);
  }

  async #waitForOrigin(request: HttpRequest, signal: AbortSignal): Promise<void> {
    const { origin } = new URL(request.url);
    const until = this.#pausedUntil.get(origin);
    if (until === undefined) return;
    await pause(until - Date.now(), signal);
    this.#pausedUntil.delete(origin);
  }

  async #follow(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    const { endpoint } = request;
    const base = new URL(endpoint.url);
    let url = new URL(request.url);
    let authorization = request.authorization;
    checkTarget(base, url, endpoint.name);
    for (let hops = 0; ; hops++) {
      const response = await this.#once(request, url, authorization, signal);
      this.#showWarnings(response.headers, url.host);
      const location = isRedirect(response.status) ? headerOf(response.headers, 'location') : undefined;
      if (location === undefined) return response;
      response.discard();
      const next = redirectTarget(url, location, endpoint.name);
      if (hops >= MOST_REDIRECTS)
        throw new RedirectRefusedError('there are too many redirects', { registry: endpoint.name, url: next.href });
      const kept = keepsSecrets(url, next);
      if (isWrite(request) && response.status !== 307 && response.status !== 308)
        throw new RedirectRefusedError(`a ${request.method} must not be redirected with status ${response.status}`, {
          registry: endpoint.name,
          url: next.href,
        });
      // A form contains a refresh token or a password.
      if (typeof request.body === 'string' && !kept)
        throw new RedirectRefusedError('a form with secrets must not be sent elsewhere', {
          registry: endpoint.name,
          url: next.href,
        });
      if (!kept) authorization = undefined;
      url = next;
    }
  }

  async #once(
    request: HttpRequest,
    url: URL,
    authorization: string | undefined,
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    const headers = {
      'user-agent': this.options.userAgent,
      'accept-encoding': 'identity',
      ...request.headers,
      ...(typeof request.body === 'object' ? { 'content-length': String(request.body.size) } : {}),
      ...(authorization === undefined ? {} : { authorization }),
    };
    const proxy = proxyFor(url, this.options);
    const where = { registry: request.endpoint.name, repository: request.repository, url: url.href };
    const fault = proxy && proxyFault(proxy);
    if (fault !== undefined) throw new ProxyError(fault, where, proxy?.setting);
    const trust = await this.#trustFor(url, request, authorization !== undefined);
    const { idleTimeout } = this.options;
    const { method = 'GET', body, firstByteTimeout = this.options.firstByteTimeout } = request;
    return exchange(
      this.#dispatchers.for(url, proxy, trust),
      { url, method, headers, body, firstByteTimeout, idleTimeout },
      signal,
    ).catch((error: unknown) => {
      signal.throwIfAborted();
      throw proxy ? networkError(error, where, proxy) : error;
    });
  }

  /**
   * The client certificate is only for the registry. A foreign host that gets a secret is always
   * verified.
   */
  async #trustFor(url: URL, request: HttpRequest, secret: boolean): Promise<Trust> {
    const { endpoint } = request;
    const base = new URL(endpoint.url);
    const own = url.hostname === base.hostname;
    const carriesSecret = secret || request.body !== undefined;
    return {
      ca: endpoint.ca,
      verify: !(endpoint.insecure && (own || !carriesSecret)),
      ...(url.origin === base.origin ? { cert: endpoint.cert, key: endpoint.key } : {}),
      ...(own ? {} : { ledFrom: await this.#checkZone(base, url, endpoint.name) }),
    };
  }

  async #checkZone(base: URL, url: URL, registry: string): Promise<Zone> {
    const from = await resolveZone(base.hostname);
    const to = zoneOfHost(url.hostname);
    if (to !== undefined && !mayLead(from, to))
      throw new RedirectRefusedError(`it is a ${to} address, while the registry is not`, { registry, url: url.href });
    return from;
  }

  #showWarnings(headers: HttpHeaders, host: string): void {
    for (const text of parseWarnings(headers.warning)) {
      const line = `${host} warns: ${quoteFromServer(text)}`;
      if (this.#shownWarnings.has(line) || this.#shownWarnings.size >= MOST_WARNINGS) continue;
      this.#shownWarnings.add(line);
      this.#logger.warn(line);
    }
  }
}

/** Returns whether a request changes something at the registry; a token server's form doesn't. */
function isWrite({ method = 'GET', body }: HttpRequest): boolean {
  return method !== 'GET' && method !== 'HEAD' && typeof body !== 'string';
}

/**
 * Returns whether an answer may come from a storage service's signed address that has expired, of
 * which the registry can give a new one.
 */
function mayHaveExpired(response: HttpResponse, request: HttpRequest): boolean {
  return [400, 401, 403, 410].includes(response.status) && new URL(response.url).origin !== new URL(request.url).origin;
}

/** Keeps a hostile server from filling the memory. */
const MOST_WARNINGS = 1000;
