import type { Digest } from '../../oci/digest.ts';
import type { Logger } from '../../oci/logger.ts';
import { deleteScope, pushScope } from '../auth/scope.ts';
import type { Endpoint } from '../config.ts';
import { ConnectionLostError, HtmlInsteadError, RegistryError, ServerError, type Where } from '../errors.ts';
import type { HttpResponse } from '../http/exchange.ts';
import { headerOf } from '../http/headers.ts';
import { isRetryableError, networkError } from '../http/networkErrors.ts';
import { redirectTarget } from '../http/redirects.ts';
import { backoff, isRetryableStatus, pause } from '../http/retry.ts';
import { RateLimitedError, RedirectRefusedError } from '../errors.ts';
import { blobPath, pullScope, type Asker, type Question } from './asker.ts';
import { BodyTooLargeError, UploadOffsetError, WrongUploadError } from './uploadErrors.ts';

/** A blob to send, which can be read again from any offset. */
export interface BlobBody {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  /** Reads the bytes [from, to). @throws if they aren't those that the digest names */
  read(from: number, to: number): AsyncIterable<Uint8Array>;
}

/** Where a blob is sent: a repository at its registry's own address, never at a mirror. */
export interface UploadTarget {
  readonly asker: Asker;
  readonly endpoint: Endpoint;
  readonly repository: string;
  readonly logger: Logger;
  /** How this registry takes blobs; shared by all uploads to it. */
  readonly form: UploadForm;
}

/**
 * How a registry takes blobs: in one request, as every registry should (distribution-spec, "POST
 * then PUT"); in parts of some size; or in a PATCH of unlimited length.
 */
export interface UploadForm {
  kind: 'whole' | 'parts' | 'stream';
  /** Bytes of a part. */
  part: number;
}

/** How a blob came to be there. */
export type UploadOutcome = 'present' | 'mounted' | 'sent';

/** A started upload. */
interface Session {
  /** Where to send what comes next. */
  readonly url: URL;
  /** Bytes that each part but the last must have at least. */
  readonly leastPart: number;
}

/**
 * Milliseconds: registries hash or copy a large blob before they answer, which may take minutes.
 */
const ANSWER_LIMIT = 900_000;
const CANCEL_LIMIT = 5000;
/** Parts aren't made smaller than this to satisfy a proxy; in bytes. */
const SMALLEST_PART = 256 << 10;
const OCTETS = { 'content-type': 'application/octet-stream' };

/** Returns the form to begin with at a registry, with the largest part that it is known to take. */
export function firstForm(registry: string): UploadForm {
  if (registry === 'ghcr.io') return { kind: 'whole', part: 4 << 20 };
  return { kind: 'whole', part: isEcr(registry) ? 10 << 20 : 64 << 20 };
}

/** Amazon's registry takes parts, but its `Range` stays at the first one. */
function isEcr(registry: string): boolean {
  return /\.dkr\.ecr[.-][^/]*\.amazonaws\.com/.test(registry);
}

/** Sends one blob, unless the repository has it or can take it from another repository. */
export class BlobUpload {
  readonly #target: UploadTarget;
  readonly #blob: BlobBody;
  readonly #report: (bytes: number) => void;
  readonly #signal: AbortSignal;
  readonly #where: Where;
  /** Reported bytes of the upload in progress. */
  #sent = 0;

  /** @param report gets the number of bytes sent since the last call; negative if they were lost */
  constructor(target: UploadTarget, blob: BlobBody, report: (bytes: number) => void, signal: AbortSignal) {
    this.#target = target;
    this.#blob = blob;
    this.#report = report;
    this.#signal = signal;
    this.#where = { registry: target.endpoint.name, repository: target.repository, access: 'push' };
  }

  /**
   * @param mountFrom a repository of the same registry that has the blob
   * @throws {RegistryError} and what reading the blob throws
   */
  async run(mountFrom: string | undefined): Promise<UploadOutcome> {
    if (await this.#exists()) return 'present';
    const mounted = mountFrom === undefined ? undefined : await this.#mount(mountFrom);
    if (mounted === 'mounted') return 'mounted';
    for (let attempt = 1, session = mounted; ; attempt++) {
      const open = session ?? (await this.#begin());
      session = undefined;
      try {
        await this.#send(open);
        return 'sent';
      } catch (error) {
        this.#count(-this.#sent);
        if (this.#signal.aborted) await this.#cancel(open);
        this.#signal.throwIfAborted();
        const failure = networkError(error, this.#where);
        if (mayHaveArrived(failure) && (await this.#exists().catch(() => false))) return 'sent';
        const again = this.#adapt(failure, attempt) || mayPass(failure);
        if (!again || attempt >= this.#target.asker.transport.options.tries) {
          await this.#cancel(open);
          throw statusOf(failure) === 413 ? new BodyTooLargeError(this.#where, this.#blob.size, failure) : failure;
        }
        this.#target.logger.debug(`${this.#where.registry}: sending ${this.#blob.digest} again: ${nameOf(failure)}`);
        await pause(delayAfter(failure, attempt, this.#target), this.#signal);
      }
    }
  }

  async #exists(): Promise<boolean> {
    const path = blobPath(this.#target.repository, this.#blob.digest);
    const head = await this.#ask({ method: 'HEAD', path, accepted: [404, 405] });
    return head.status === 200;
  }

  /**
   * Asks for the blob from another repository (distribution-spec, "Mounting a blob"). Registries
   * refuse that in many ways; sending the blob is always possible.
   */
  async #mount(from: string): Promise<'mounted' | Session | undefined> {
    const { repository } = this.#target;
    const query = `mount=${encodeURIComponent(this.#blob.digest)}&from=${encodeURIComponent(from)}`;
    try {
      const response = await this.#ask({
        method: 'POST',
        path: `${repository}/blobs/uploads/?${query}`,
        // The token must allow both. The target comes first: some token servers read only that.
        scope: `${pushScope(repository)} ${pullScope(from)}`,
        accepted: [201, 202],
      });
      if (response.status === 201) return 'mounted';
      return this.#session(response);
    } catch (error) {
      this.#signal.throwIfAborted();
      if (!(error instanceof RegistryError)) throw error;
      this.#target.logger.debug(`${this.#where.registry} doesn't mount ${this.#blob.digest} from ${from}`);
      return undefined;
    }
  }

  async #begin(): Promise<Session> {
    // Without the slash at the end some registries redirect, and lose the method.
    const path = `${this.#target.repository}/blobs/uploads/`;
    return this.#session(await this.#ask({ method: 'POST', path, accepted: [202] }));
  }

  async #send(session: Session): Promise<void> {
    const { size } = this.#blob;
    const { kind } = this.#target.form;
    if (kind === 'whole') return this.#finish(session.url, { body: this.#upload(0, size), headers: OCTETS });
    if (kind === 'parts') return this.#finish(await this.#sendParts(session));
    const response = await this.#ask({
      method: 'PATCH',
      path: session.url,
      headers: OCTETS,
      body: this.#upload(0, size),
      accepted: [201, 202, 204],
      once: true,
    });
    return this.#finish(this.#session(response, session).url);
  }

  /** Sends the closing PUT, with the whole blob or after its parts. */
  async #finish(url: URL, more: Partial<Question> = {}): Promise<void> {
    const { digest } = this.#blob;
    // Appended as text: a signed query must stay as it is.
    const closing = new URL(`${url.href}${url.search === '' ? '?' : '&'}digest=${encodeURIComponent(digest)}`);
    const response = await this.#ask({
      method: 'PUT',
      path: closing,
      accepted: [201, 204],
      once: true,
      firstByteTimeout: ANSWER_LIMIT,
      ...more,
    });
    const stored = headerOf(response.headers, 'docker-content-digest');
    // A registry may store a sha512 blob under its sha256.
    if (stored !== undefined && stored !== digest && stored.split(':')[0] === digest.split(':')[0])
      throw new WrongUploadError(this.#where, digest, stored);
  }

  /** Sends the blob in parts, in order (distribution-spec, "Pushing a blob in chunks"). */
  async #sendParts(session: Session): Promise<URL> {
    const { size } = this.#blob;
    let { url } = session;
    const step = Math.max(session.leastPart, this.#target.form.part);
    for (let at = 0, recoveries = 0; at < size;) {
      const end = Math.min(size, at + step);
      let next: { url: URL; at: number | undefined };
      try {
        const response = await this.#ask({
          method: 'PATCH',
          path: url,
          headers: { ...OCTETS, 'content-range': `${at}-${end - 1}` },
          body: this.#upload(at, end),
          accepted: [201, 202, 204],
          once: true,
        });
        next = {
          url: this.#session(response, session).url,
          at: isEcr(this.#where.registry) ? end : stored(response, end),
        };
      } catch (error) {
        this.#signal.throwIfAborted();
        if (!mayPass(networkError(error, this.#where))) throw error;
        next = { url, at: undefined };
      }
      if (next.at !== end) {
        // What has arrived differs from what was sent.
        const state = ++recoveries > 5 ? undefined : await this.#state(next.url, session);
        if (state?.at === undefined || state.at > size) throw new UploadOffsetError(this.#where, end, next.at);
        next = state;
        this.#count((state.at ?? 0) - this.#sent);
      }
      ({ url } = next);
      at = next.at ?? end;
    }
    return url;
  }

  /** Asks how much has arrived; undefined if the upload can't be continued. */
  async #state(url: URL, session: Session): Promise<{ url: URL; at: number | undefined } | undefined> {
    try {
      const response = await this.#ask({ method: 'GET', path: url, accepted: [204, 202] });
      return { url: this.#session(response, { ...session, url }).url, at: stored(response, undefined) };
    } catch (error) {
      this.#signal.throwIfAborted();
      if (error instanceof RegistryError) return undefined;
      throw error;
    }
  }

  /**
   * Reads where to send what comes next. The address may be relative, and on another host.
   * @param before an upload under way, whose answers may leave the address out
   */
  #session(response: HttpResponse, before?: Session): Session {
    const location = headerOf(response.headers, 'location');
    const least = Number(headerOf(response.headers, 'oci-chunk-min-length') ?? 0);
    const leastPart = Number.isSafeInteger(least) && least > 0 ? least : (before?.leastPart ?? 0);
    if (location === undefined || location === '') {
      if (before) return { url: before.url, leastPart };
      throw new ServerError(response.status, undefined, 'it names no address for the upload', {
        ...this.#where,
        url: response.url,
      });
    }
    const from = new URL(response.url);
    try {
      return { url: redirectTarget(from, location, this.#where.registry), leastPart };
    } catch (error) {
      if (!(error instanceof RedirectRefusedError) || !/^http:/i.test(location) || from.protocol !== 'https:')
        throw error;
      const reason = `${error.reason}; if a proxy is in front of the registry, it must send it X-Forwarded-Proto`;
      throw new RedirectRefusedError(reason, { ...this.#where, url: location });
    }
  }

  /**
   * Chooses another form of upload after a failure that shows that the registry doesn't take this
   * one; returns whether it did.
   */
  #adapt(failure: unknown, attempt: number): boolean {
    const { form } = this.#target;
    const status = statusOf(failure);
    const { size } = this.#blob;
    if (form.kind === 'parts') {
      if (status !== 413 || Math.min(size, form.part) <= SMALLEST_PART) return false;
      form.part = Math.max(SMALLEST_PART, Math.min(size, form.part) >> 2);
      return true;
    }
    const broke = failure instanceof ConnectionLostError && attempt > 1 && size > form.part;
    if (status === 413 || status === 416 || broke) {
      form.part = Math.max(SMALLEST_PART, Math.min(form.part, size >> 1));
      form.kind = 'parts';
      return true;
    }
    if (form.kind === 'stream' || !(status === 405 || status === 501 || (status === 404 && attempt > 1))) return false;
    form.kind = 'stream';
    return true;
  }

  /** Ends an upload that is given up, if the registry allows that; failures don't matter. */
  async #cancel({ url }: Session): Promise<void> {
    const { asker, endpoint, repository } = this.#target;
    const question: Question = {
      method: 'DELETE',
      path: url,
      scope: deleteScope(repository),
      repository,
      accepted: [202, 204, 404],
      once: true,
    };
    await asker.ask(endpoint, question, AbortSignal.timeout(CANCEL_LIMIT)).then(
      response => response.discard(),
      () => undefined,
    );
  }

  #upload(from: number, to: number): { size: number; open(): AsyncIterable<Uint8Array> } {
    return { size: to - from, open: () => this.#counted(from, to) };
  }

  async *#counted(from: number, to: number): AsyncGenerator<Uint8Array> {
    // A body that is sent again, after a refusal or a redirect, is counted again.
    this.#count(from - this.#sent);
    for await (const chunk of this.#blob.read(from, to)) {
      yield chunk;
      this.#count(chunk.length);
    }
  }

  #count(bytes: number): void {
    if (bytes === 0) return;
    this.#sent += bytes;
    this.#report(bytes);
  }

  async #ask(question: Omit<Question, 'scope'> & { readonly scope?: string }): Promise<HttpResponse> {
    const { asker, endpoint, repository } = this.#target;
    const response = await asker.ask(endpoint, { scope: pushScope(repository), repository, ...question }, this.#signal);
    response.discard();
    return response;
  }
}

/**
 * Returns the number of bytes that the registry has. `Range: 0-0` means both none and one.
 * @param otherwise returned if the answer doesn't say
 */
function stored(response: HttpResponse, otherwise: number | undefined): number | undefined {
  const range = headerOf(response.headers, 'range');
  if (range === undefined) return otherwise;
  const last = /^\s*(?:bytes[ =])?0-(\d{1,16})\s*$/.exec(range)?.[1];
  if (last === undefined) return undefined;
  return Number(last) === 0 && otherwise !== 1 ? undefined : Number(last) + 1;
}

function statusOf(failure: unknown): number | undefined {
  return failure instanceof ServerError || failure instanceof HtmlInsteadError ? failure.status : undefined;
}

/** Whether the blob may be there although the request failed: its answer may be what got lost. */
function mayHaveArrived(failure: unknown): boolean {
  const status = statusOf(failure);
  return isRetryableError(failure) || (status !== undefined && (status >= 500 || status === 404));
}

/** Whether sending again, from the start, may succeed. */
function mayPass(failure: unknown): boolean {
  if (failure instanceof UploadOffsetError || failure instanceof RateLimitedError) return true;
  const status = statusOf(failure);
  // 404 to an upload's address: the registry has lost the upload.
  return isRetryableError(failure) || (status !== undefined && (status === 404 || isRetryableStatus(status)));
}

function delayAfter(failure: unknown, attempt: number, { asker }: UploadTarget): number {
  const { retryDelay, longestRetryAfter } = asker.transport.options;
  const wanted = failure instanceof RateLimitedError ? (failure.retryAfter ?? 0) * 1000 : 0;
  return Math.min(longestRetryAfter, Math.max(wanted, backoff(attempt, retryDelay)));
}

function nameOf(failure: unknown): string {
  return failure instanceof Error ? failure.name : 'failed';
}
