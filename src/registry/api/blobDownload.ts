import type { Sink } from '../../oci/byteSource.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Logger } from '../../oci/logger.ts';
import { SizeMismatchError } from '../../oci/mismatchErrors.ts';
import { parseContentRange } from '../http/contentRange.ts';
import { ConnectionLostError, hostOf, HtmlInsteadError, ServerError, WrongRangeError, type Where } from '../errors.ts';
import type { HttpResponse } from '../http/exchange.ts';
import { isRetryableError, networkError } from '../http/networkErrors.ts';
import { ParallelParts, type FetchPart } from '../http/parallelParts.ts';
import { looksLikeHtml } from '../http/responseErrors.ts';
import { backoff, headerOf, pause } from '../http/retry.ts';
import type { TransportOptions } from '../http/transportOptions.ts';

/** Asks one place for the blob, from a byte on when `range` is given. It accepts 200, 206 and 416 and throws for the rest. */
export type AskForBytes = (range: string | undefined) => Promise<HttpResponse>;

/** Thrown on to whoever writes: what a sink threw is no failure of the network and never a reason to ask again. */
class SinkFailedError extends Error {}

/** Several connections have what comes next. */
class TakenOver extends Error {}

/** A connection that breaks often but always brings something is followed this many times. */
const MOST_CONNECTIONS = 1000;

/**
 * One blob on its way into a sink: where it stands, and how it goes on after a break. The position outlives the places that are asked, for content
 * under one digest is the same everywhere.
 */
export class BlobDownload {
  readonly #blob: Descriptor;
  readonly #sink: Sink;
  readonly #signal: AbortSignal;
  readonly #options: TransportOptions;
  readonly #logger: Logger;
  /** The blob's length: the descriptor's, or what the first answer tells; -1 = not known. */
  #size: number;
  #offset: number;
  #sinkError: unknown;

  constructor(
    blob: Descriptor,
    from: number,
    sink: Sink,
    signal: AbortSignal,
    options: TransportOptions,
    logger: Logger,
  ) {
    this.#blob = blob;
    this.#size = blob.size;
    this.#offset = from;
    this.#sink = sink;
    this.#signal = signal;
    this.#options = options;
    this.#logger = logger;
  }

  /** The next byte to come. */
  get offset(): number {
    return this.#offset;
  }

  get complete(): boolean {
    return this.#size >= 0 && this.#offset === this.#size;
  }

  /** Hands on bytes that were got elsewhere (inline data, parallel ranges), in order. */
  deliver(chunk: Uint8Array): void {
    try {
      this.#sink.write(chunk);
    } catch (error) {
      this.#sinkError = error;
      throw new SinkFailedError();
    }
    this.#offset += chunk.length;
  }

  /** Runs a step and gives back what the sink threw as it was thrown. */
  async guard<T>(step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      throw error instanceof SinkFailedError ? this.#sinkError : error;
    }
  }

  /**
   * Gets the rest from one place, with as many connections as it takes.
   * @param part fetches a part from the same place, for when one connection is slow
   * @throws {SizeMismatchError} the place has a blob of another length
   * @throws {RegistryError} the tries are used up without any progress
   */
  async from(ask: AskForBytes, where: Where, part?: FetchPart): Promise<void> {
    const parts =
      part && this.#size >= 0
        ? new ParallelParts(this.#options.parallel, this.#size, this.#offset, part, this.#signal)
        : undefined;
    try {
      await this.#persistently(ask, where, parts);
    } finally {
      parts?.cancel();
    }
  }

  async #persistently(ask: AskForBytes, where: Where, parts: ParallelParts | undefined): Promise<void> {
    let fruitless = 0;
    let ranges = true;
    for (let connections = 1; !this.complete; connections++) {
      const before = this.#offset;
      try {
        const end = await this.#once(ask, ranges, where, parts);
        if (end === 'whole') return;
        if (end === 'short') throw new ConnectionLostError('too short', where);
      } catch (error) {
        this.#signal.throwIfAborted();
        const failure = networkError(error, where);
        const retry: boolean = isRetryableError(failure) || (ranges && failure instanceof WrongRangeError);
        ranges &&= !(failure instanceof WrongRangeError);
        fruitless = this.#offset > before ? 0 : fruitless + 1;
        if (!retry || fruitless >= this.#options.tries || connections >= MOST_CONNECTIONS) throw failure;
        this.#logger.debug(
          `${where.registry}: blob ${this.#blob.digest} broke off at byte ${this.#offset}; going on from there`,
        );
        await pause(backoff(fruitless + 1, this.#options.retryDelay), this.#signal);
      }
    }
  }

  /** One connection. `short`: the answer ended before the blob; `goOn`: several connections took over and left the rest. */
  async #once(
    ask: AskForBytes,
    ranges: boolean,
    where: Where,
    parts: ParallelParts | undefined,
  ): Promise<'whole' | 'short' | 'goOn'> {
    const wanted = this.#offset;
    const response = await ask(wanted > 0 && ranges ? `bytes=${wanted}-` : undefined);
    const at = { ...where, url: response.url };
    if (response.status === 416) {
      response.discard();
      this.#checkEnd(response, at);
      return 'whole';
    }
    if (looksLikeHtml('', response.headers) && !/html/.test(this.#blob.mediaType)) {
      response.discard();
      throw new HtmlInsteadError(at, response.status, undefined);
    }
    if (response.status === 206) this.#checkRange(response, at);
    else this.#checkLength(response, at);
    const rest = { skip: response.status === 206 ? 0 : wanted };
    try {
      await response.into({ write: chunk => this.#take(chunk, rest, parts, at) });
    } catch (error) {
      if (!(error instanceof TakenOver) || !parts) throw error;
      await this.#inParallel(parts);
      return this.complete ? 'whole' : 'goOn';
    }
    // Without a known length, the end of an answer that came whole is the end of the blob.
    if (this.#size < 0) this.#size = this.#offset;
    return this.#offset === this.#size ? 'whole' : 'short';
  }

  #take(chunk: Uint8Array, rest: { skip: number }, parts: ParallelParts | undefined, where: Where): void {
    const skipped = Math.min(rest.skip, chunk.length);
    rest.skip -= skipped;
    const fresh = chunk.subarray(skipped);
    if (fresh.length === 0) return;
    if (this.#size >= 0 && this.#offset + fresh.length > this.#size)
      throw this.#sizeMismatch(this.#offset + fresh.length, where);
    const stop = parts?.watch(this.#offset);
    if (stop === undefined || this.#offset + fresh.length < stop) return this.deliver(fresh);
    this.deliver(fresh.subarray(0, stop - this.#offset));
    throw new TakenOver();
  }

  /** What a part's failure leaves is got over one connection again. */
  async #inParallel(parts: ParallelParts): Promise<void> {
    this.#logger.debug(`Blob ${this.#blob.digest}: one connection is slow; several go on at byte ${this.#offset}`);
    try {
      await parts.deliver(chunk => this.deliver(chunk));
    } catch (error) {
      if (error instanceof SinkFailedError) throw error;
      this.#signal.throwIfAborted();
      this.#logger.debug(`Blob ${this.#blob.digest}: back to one connection at byte ${this.#offset}`);
    }
  }

  /** 416: nothing lies behind what we have. Right when we have all of it. */
  #checkEnd(response: HttpResponse, where: Where): void {
    const total = /\/(\d+)\s*$/.exec(headerOf(response.headers, 'content-range') ?? '')?.[1];
    const known = total === undefined ? this.#size : Number(total);
    if (this.#size < 0 && known === this.#offset) this.#size = known;
    if (this.complete) return;
    throw known >= 0 && known !== this.#size && this.#size >= 0
      ? this.#sizeMismatch(known, where)
      : new ServerError(416, undefined, `it has nothing from byte ${this.#offset} on`, where);
  }

  #sizeMismatch(actual: number, where: Where): SizeMismatchError {
    return new SizeMismatchError(this.#blob.digest, this.#size, actual, hostOf(where));
  }

  #checkRange(response: HttpResponse, where: Where): void {
    const range = parseContentRange(headerOf(response.headers, 'content-range'));
    const wrong = !range || range.start !== this.#offset;
    if (wrong || (this.#size >= 0 && range.total !== undefined && range.total !== this.#size)) {
      response.discard();
      if (range?.start === this.#offset && range.total !== undefined) throw this.#sizeMismatch(range.total, where);
      throw new WrongRangeError(where);
    }
    if (this.#size < 0 && range.total !== undefined) this.#size = range.total;
  }

  #checkLength(response: HttpResponse, where: Where): void {
    const length = headerOf(response.headers, 'content-length');
    if (length === undefined || !/^\d+$/.test(length)) return;
    if (this.#size < 0) this.#size = Number(length);
    if (Number(length) === this.#size) return;
    response.discard();
    throw this.#sizeMismatch(Number(length), where);
  }
}
