import type { Logger } from '../../oci/logger.ts';
import { mayLead, resolveZone, zoneOfHost, type Zone } from './addresses.ts';
import type { Endpoint } from '../config.ts';
import { Dispatchers, type Trust } from './dispatchers.ts';
import { RedirectRefusedError } from '../errors.ts';
import { exchange, type HttpHeaders, type HttpResponse } from './exchange.ts';
import { isRetryableError, networkError } from './networkErrors.ts';
import { checkTarget, isRedirect, keepsSecrets, MOST_REDIRECTS, redirectTarget } from './redirects.ts';
import { quoteFromServer, redactUrl } from '../redact.ts';
import { backoff, headerOf, isRetryableStatus, pause, retryAfter } from './retry.ts';
import type { TransportOptions } from './transportOptions.ts';
import { parseWarnings } from './warnings.ts';

/** One request for an endpoint, or for an address that the endpoint's answers name (a token server, a foreign layer). */
export interface HttpRequest {
  readonly endpoint: Endpoint;
  readonly url: string;
  readonly method?: 'GET' | 'HEAD' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent to `url`'s origin alone, never to where a redirect leads. */
  readonly authorization?: string | undefined;
  readonly body?: string;
  readonly repository?: string | undefined;
}

/** Sends requests: proxies, trust, redirects by the rules, retries, idle timeouts. It knows nothing of registries' answers and accounts. */
export class Transport {
  readonly options: TransportOptions;
  readonly #logger: Logger;
  readonly #dispatchers: Dispatchers;
  /** By origin: when it may be asked again (milliseconds of the clock), because it said so. */
  readonly #pausedUntil = new Map<string, number>();
  readonly #shownWarnings = new Set<string>();

  constructor(options: TransportOptions, logger: Logger) {
    this.options = options;
    this.#logger = logger;
    this.#dispatchers = new Dispatchers(options);
  }

  /**
   * The head of the answer, whatever its status, after redirects and retries; each retry starts at `url` again, for redirect targets expire. The
   * body must be consumed or discarded. A body that breaks is the reader's to resume.
   * @throws {RegistryError} what the network did, as a class of errors.ts
   */
  async send(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    return this.#retrying(request, signal, response => Promise.resolve(response));
  }

  /** As `send`, with the whole body, whose breaking off is a reason to retry as well. `body` is undefined when longer than `limit`. */
  async sendForBody(
    request: HttpRequest,
    limit: number,
    signal: AbortSignal,
  ): Promise<{ response: HttpResponse; body: Uint8Array | undefined }> {
    return this.#retrying(request, signal, async response => ({ response, body: await response.bytes(limit) }));
  }

  /** Cuts every connection. */
  async close(): Promise<void> {
    await this.#dispatchers.close();
  }

  async #retrying<T>(
    request: HttpRequest,
    signal: AbortSignal,
    use: (response: HttpResponse) => Promise<T>,
  ): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const last = attempt >= this.options.tries;
      await this.#waitForOrigin(request, signal);
      let delay: number | undefined;
      try {
        const response = await this.#follow(request, signal);
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

  /** Milliseconds to wait before the next try; undefined when the answer is to be taken as it is. */
  #delayAfter(response: HttpResponse, request: HttpRequest, attempt: number): number | undefined {
    if (!isRetryableStatus(response.status)) return undefined;
    const asked = retryAfter(response.headers);
    if (asked !== undefined) {
      if (asked > this.options.longestRetryAfter) return undefined;
      this.#pausedUntil.set(new URL(request.url).origin, Date.now() + asked);
      return asked;
    }
    // Docker Hub: an allowance that is used up does not come back within seconds.
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
      // A form holds a refresh token or a password.
      if (request.body !== undefined && !kept)
        throw new RedirectRefusedError('a form with secrets is not sent elsewhere', {
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
      ...(authorization === undefined ? {} : { authorization }),
    };
    const dispatcher = this.#dispatchers.for(url, await this.#trustFor(url, request, authorization !== undefined));
    const { firstByteTimeout, idleTimeout } = this.options;
    return exchange(
      dispatcher,
      { url, method: request.method ?? 'GET', headers, body: request.body, firstByteTimeout, idleTimeout },
      signal,
    );
  }

  /** The client certificate is for the registry alone; a foreign host with a secret for it is always checked. */
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

/** A hostile server cannot fill the memory with ever new ones. */
const MOST_WARNINGS = 1000;
