import type { Ahead, Sink } from '../../oci/byteSource.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Logger } from '../../oci/logger.ts';
import { SizeMismatchError } from '../../oci/mismatchErrors.ts';
import { parseContentRange, headerOf } from '../http/headers.ts';
import { ConnectionLostError, hostOf, HtmlInsteadError, ServerError, WrongRangeError, type Where } from '../errors.ts';
import type { HttpResponse } from '../http/exchange.ts';
import { isRetryableError, networkError } from '../http/networkErrors.ts';
import { PiecesAhead, type FetchPiece } from '../http/piecesAhead.ts';
import { looksLikeHtml } from '../http/responseErrors.ts';
import { backoff, pause } from '../http/retry.ts';
import type { TransportOptions } from '../http/transportOptions.ts';

/**
 * Asks one place for the blob, or for a range of it. Accepts 200, 206 and 416, and throws for other
 * statuses.
 */
export type AskForBytes = (range: string | undefined) => Promise<HttpResponse>;

/** The sink threw, which isn't a failure of the network and never a reason to ask again. */
class SinkFailedError extends Error {}

/** The connection has come to a piece that another one fetches. */
class PieceReached extends Error {}

/** Connections made for one blob while each brings something. */
const MOST_CONNECTIONS = 1000;

/** How to ask for the rest of a blob: some servers refuse open ranges, some all ranges. */
type Ranges = 'open' | 'closed' | 'none';

/**
 * Downloads one blob into a sink, and resumes after breaks. The position outlives the places asked,
 * since the content under a digest is the same everywhere.
 */
export class BlobDownload {
  readonly #blob: Descriptor;
  readonly #sink: Sink;
  readonly #signal: AbortSignal;
  readonly #options: TransportOptions;
  readonly #logger: Logger;
  readonly #ahead: Ahead | undefined;
  /** The blob's length from the descriptor or the first answer; -1 = unknown. */
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
    ahead?: Ahead,
  ) {
    this.#blob = blob;
    this.#size = blob.size;
    this.#offset = from;
    this.#sink = sink;
    this.#signal = signal;
    this.#options = options;
    this.#logger = logger;
    this.#ahead = ahead;
  }

  /** The offset of the next byte. */
  get offset(): number {
    return this.#offset;
  }

  get complete(): boolean {
    return this.#size >= 0 && this.#offset === this.#size;
  }

  /** Delivers the next bytes, wherever they came from. */
  deliver(chunk: Uint8Array): void {
    try {
      this.#sink.write(chunk);
    } catch (error) {
      this.#sinkError = error;
      throw new SinkFailedError();
    }
    this.#offset += chunk.length;
  }

  /** Runs a step, and throws what the sink threw as it was. */
  async guard<T>(step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      throw error instanceof SinkFailedError ? this.#sinkError : error;
    }
  }

  /**
   * Downloads the rest from one place.
   * @param fetch fetches a piece from the same place, in case further connections help
   * @throws {SizeMismatchError} the place has a blob of another length
   * @throws {RegistryError} too many attempts in a row brought nothing
   */
  async from(ask: AskForBytes, where: Where, fetch?: FetchPiece): Promise<void> {
    const pieces =
      this.#ahead && fetch && this.#size >= 0
        ? new PiecesAhead(this.#ahead, this.#size, this.#offset, fetch, this.#signal)
        : undefined;
    try {
      await this.#persistently(ask, where, pieces);
    } finally {
      await pieces?.close();
    }
  }

  async #persistently(ask: AskForBytes, where: Where, pieces: PiecesAhead | undefined): Promise<void> {
    let fruitless = 0;
    let ranges: Ranges = 'open';
    for (let connections = 1; !this.complete; connections++) {
      const before = this.#offset;
      try {
        await pieces?.deliver(this.#offset, chunk => this.deliver(chunk));
        if (this.complete) return;
        const end = await this.#once(ask, ranges, where, pieces);
        if (end === 'whole') return;
        if (end === 'refused') {
          ranges = ranges === 'open' && this.#size >= 0 ? 'closed' : 'none';
          continue;
        }
        if (end === 'short') throw new ConnectionLostError('too short', where);
      } catch (error) {
        this.#signal.throwIfAborted();
        const failure = networkError(error, where);
        const wrongRange = failure instanceof WrongRangeError;
        const retry: boolean = isRetryableError(failure) || (ranges !== 'none' && wrongRange);
        if (wrongRange) ranges = 'none';
        fruitless = this.#offset > before ? 0 : fruitless + 1;
        if (!retry || fruitless >= this.#options.tries || connections >= MOST_CONNECTIONS) throw failure;
        this.#logger.debug(
          `${where.registry}: blob ${this.#blob.digest} broke off at byte ${this.#offset}; resuming there`,
        );
        await pause(backoff(fruitless + 1, this.#options.retryDelay), this.#signal);
      }
    }
  }

  /**
   * Makes one connection. `short`: the answer ended too early; `piece`: the next bytes are in a
   * piece; `refused`: the range was refused.
   */
  async #once(
    ask: AskForBytes,
    ranges: Ranges,
    where: Where,
    pieces: PiecesAhead | undefined,
  ): Promise<'whole' | 'short' | 'piece' | 'refused'> {
    const wanted = this.#offset;
    const stop = pieces?.stop(wanted) ?? this.#size;
    const end = ranges === 'closed' || stop < this.#size ? stop - 1 : '';
    const response = await ask(wanted > 0 && ranges !== 'none' ? `bytes=${wanted}-${end}` : undefined);
    const at = { ...where, url: response.url };
    if (response.status === 416) {
      response.discard();
      if (this.#isEnd(response, at)) return 'whole';
      if (ranges === 'none' || wanted === 0)
        throw new ServerError(416, undefined, `it has nothing from byte ${wanted} on`, at);
      return 'refused';
    }
    if (looksLikeHtml('', response.headers) && !/html/.test(this.#blob.mediaType)) {
      response.discard();
      throw new HtmlInsteadError(at, response.status, undefined);
    }
    if (response.status === 206) this.#checkRange(response, at);
    else this.#checkLength(response, at);
    const rest = { skip: response.status === 206 ? 0 : wanted };
    try {
      await response.into({ write: chunk => this.#take(chunk, rest, pieces, at) });
    } catch (error) {
      if (error instanceof PieceReached) return 'piece';
      throw error;
    }
    // Without a known length, the blob ends where a complete answer ends.
    if (this.#size < 0) this.#size = this.#offset;
    if (this.#offset === this.#size) return 'whole';
    return this.#offset === stop ? 'piece' : 'short';
  }

  #take(chunk: Uint8Array, rest: { skip: number }, pieces: PiecesAhead | undefined, where: Where): void {
    const skipped = Math.min(rest.skip, chunk.length);
    rest.skip -= skipped;
    const fresh = chunk.subarray(skipped);
    if (fresh.length === 0) return;
    if (this.#size >= 0 && this.#offset + fresh.length > this.#size)
      throw this.#sizeMismatch(this.#offset + fresh.length, where);
    const stop = pieces?.stop(this.#offset) ?? this.#size;
    if (stop < 0 || stop === this.#size || this.#offset + fresh.length < stop) return this.deliver(fresh);
    this.deliver(fresh.subarray(0, stop - this.#offset));
    throw new PieceReached();
  }

  /**
   * Returns whether a 416 means that the blob is complete.
   * @throws {SizeMismatchError} it is shorter or longer there
   */
  #isEnd(response: HttpResponse, where: Where): boolean {
    const total = /\/(\d+)\s*$/.exec(headerOf(response.headers, 'content-range') ?? '')?.[1];
    const known = total === undefined ? this.#size : Number(total);
    if (this.#size < 0 && known === this.#offset) this.#size = known;
    if (!this.complete && known >= 0 && this.#size >= 0 && known !== this.#size) throw this.#sizeMismatch(known, where);
    return this.complete;
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
