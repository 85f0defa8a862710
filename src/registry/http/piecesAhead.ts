import { setImmediate } from 'node:timers/promises';
import type { Ahead, Piece, Sink, Widening } from '../../oci/byteSource.ts';
import { isRetryableError } from './networkErrors.ts';

/**
 * Streams the bytes [start, end) of the blob. Rejects if the place doesn't serve ranges, or if it
 * doesn't deliver all of them.
 */
export type FetchPiece = (start: number, end: number, sink: Sink, signal: AbortSignal) => Promise<void>;

/**
 * Bytes of a piece: enough that the wait for each answer doesn't matter, and not so many that those
 * wanted next are long in coming.
 */
const LEAST = 2 << 20;
const MOST = 8 << 20;
/** Pieces into which the rest would be divided. They become smaller towards the end. */
const SHARES = 8;
/** Broken connections after which a download stays with one. */
const MOST_BREAKS = 16;

/** A range that one connection fetches, or has fetched. */
interface Claim {
  readonly piece: Piece;
  readonly start: number;
  /** After a break, the end of what came. */
  end: number;
  /** Stops the connection. */
  readonly abort: AbortController;
}

/**
 * The bytes of a blob after those that one connection delivers, fetched by others meanwhile, piece
 * by piece, into files. They are delivered in order, from a piece that still grows too.
 */
export class PiecesAhead implements Widening {
  readonly #ahead: Ahead;
  readonly #size: number;
  readonly #fetch: FetchPiece;
  readonly #signal: AbortSignal;
  readonly #abort = new AbortController();
  readonly #unwatch: () => void;
  readonly #running = new Set<Promise<void>>();
  /** Without overlaps. */
  readonly #claims = new Set<Claim>();
  /** Where the next byte to deliver is. */
  #position: number;
  #delivering = false;
  #breaks = 0;
  #refused = false;
  #grown = Promise.withResolvers<void>();

  constructor(ahead: Ahead, size: number, position: number, fetch: FetchPiece, signal: AbortSignal) {
    this.#ahead = ahead;
    this.#size = size;
    this.#position = position;
    this.#fetch = fetch;
    this.#signal = AbortSignal.any([signal, this.#abort.signal]);
    this.#signal.addEventListener('abort', () => this.#grow(), { once: true });
    for (const piece of ahead.left) {
      const { start, length } = piece;
      this.#claims.add({ piece, start, end: start + length, abort: new AbortController() });
    }
    this.#unwatch = ahead.watch(this);
  }

  get unclaimed(): number {
    if (this.#refused || this.#signal.aborted) return 0;
    return this.#gaps().reduce((sum, [from, to]) => sum + to - from, 0);
  }

  /** Fetches one piece after the other while `stays` allows it. */
  async widen(stays: () => boolean): Promise<void> {
    const run = this.#fillGaps(stays);
    this.#running.add(run);
    await run.finally(() => this.#running.delete(run));
  }

  /** Takes note of how far the one connection is. Returns where it must stop. */
  stop(position: number): number {
    this.#position = position;
    for (const claim of this.#claims) {
      // A piece without a byte was overtaken: the one connection is faster.
      if (claim.end <= position || (claim.start < position && claim.piece.length === 0)) this.#drop(claim);
    }
    return Math.min(this.#size, ...this.#starts());
  }

  /** Delivers pieces from `position` on, to the blob's end or the next gap. */
  async deliver(position: number, write: (chunk: Uint8Array) => void): Promise<void> {
    this.#position = position;
    this.#delivering = true;
    try {
      let own: Promise<void> | undefined;
      for (let claim = this.#current(); claim; claim = this.#current()) {
        // In place of the one connection, which has stopped.
        own ??= this.widen(() => this.#delivering);
        if (this.#position < claim.start + claim.piece.length) await this.#read(claim, write);
        else await this.#grown.promise;
        this.#signal.throwIfAborted();
      }
    } finally {
      this.#delivering = false;
    }
  }

  /** Stops all connections. Pieces stay. */
  async close(): Promise<void> {
    this.#unwatch();
    this.#abort.abort();
    await Promise.all(this.#running);
  }

  async #read({ piece, start }: Claim, write: (chunk: Uint8Array) => void): Promise<void> {
    for (const chunk of piece.read(this.#position - start)) {
      write(chunk);
      this.#position += chunk.length;
      // Lets the thread receive what arrives, and a cancellation.
      await setImmediate();
      this.#signal.throwIfAborted();
    }
  }

  async #fillGaps(stays: () => boolean): Promise<void> {
    while (this.unclaimed > 0 && stays()) {
      const claim = this.#claim();
      if (!claim || !(await this.#fill(claim))) return;
    }
  }

  /** Claims the first gap, or its beginning. */
  #claim(): Claim | undefined {
    const [gap] = this.#gaps();
    if (!gap) return undefined;
    const [start, end] = gap;
    const piece = this.#ahead.create(start);
    const claim = { piece, start, end: Math.min(end, start + share(end - start)), abort: new AbortController() };
    this.#claims.add(claim);
    return claim;
  }

  /** Returns whether all of it came. */
  async #fill(claim: Claim): Promise<boolean> {
    const { piece, start, end, abort } = claim;
    const signal = AbortSignal.any([this.#signal, abort.signal]);
    const write = (chunk: Uint8Array): void => {
      piece.write(chunk);
      this.#grow();
    };
    try {
      await this.#fetch(start, end, { write }, signal);
      return true;
    } catch (error) {
      if (!signal.aborted && (!isRetryableError(error) || ++this.#breaks >= MOST_BREAKS)) this.#refused = true;
      return false;
    } finally {
      claim.end = start + piece.length;
      if (piece.length === 0) this.#drop(claim);
      this.#grow();
    }
  }

  /** Returns the piece that has the next byte, or will have. */
  #current(): Claim | undefined {
    for (const claim of this.#claims) {
      if (claim.end <= this.#position) this.#drop(claim);
      else if (claim.start <= this.#position) return claim;
    }
    return undefined;
  }

  /** The starts of pieces with a byte. */
  #starts(): number[] {
    return [...this.#claims].filter(({ piece }) => piece.length > 0).map(({ start }) => start);
  }

  /** Returns the ranges that nothing fetches, in order. */
  #gaps(): [number, number][] {
    const gaps: [number, number][] = [];
    let at = this.#position + (this.#delivering ? 0 : share(this.#size - this.#position));
    for (const { start, end } of [...this.#claims].sort((a, b) => a.start - b.start)) {
      if (start > at) gaps.push([at, start]);
      at = Math.max(at, end);
    }
    if (at < this.#size) gaps.push([at, this.#size]);
    return gaps;
  }

  #drop(claim: Claim): void {
    if (!this.#claims.delete(claim)) return;
    claim.abort.abort();
    claim.piece.remove();
  }

  #grow(): void {
    this.#grown.resolve();
    this.#grown = Promise.withResolvers();
  }
}

function share(rest: number): number {
  return Math.max(LEAST, Math.min(MOST, Math.ceil(rest / SHARES)));
}
