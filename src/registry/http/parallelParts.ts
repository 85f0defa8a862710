/** When to fetch one blob over several connections. Plain data. */
export interface ParallelOptions {
  /** Connections per blob; 1 = never more. */
  readonly connections: number;
  /** Bytes that each fetches at a time; up to `connections` times as many are in memory. */
  readonly part: number;
  /** Bytes; a shorter rest stays with the one connection. */
  readonly leastRest: number;
  /**
   * Bytes per second; a faster connection stays alone, since others would only share its bandwidth.
   */
  readonly slowerThan: number;
  /** Milliseconds for which a connection is watched before it is judged. */
  readonly watch: number;
}

/** Fetches the bytes [start, end) of the blob; rejects if the place doesn't serve parts. */
export type FetchPart = (start: number, end: number, signal: AbortSignal) => Promise<Uint8Array>;

/** The least gain over a single connection that justifies the registry's extra work. */
const LEAST_GAIN = 1.2;

/**
 * Watches the connection that delivers a blob. If it is slow, as with storage services that limit
 * each connection, fetches what follows over several, in order. The connection is given up only
 * when the first part has arrived, so nothing is lost if parts aren't served.
 */
export class ParallelParts {
  readonly #options: ParallelOptions;
  readonly #size: number;
  readonly #fetch: FetchPart;
  readonly #signal: AbortSignal;
  readonly #abort = new AbortController();
  readonly #parts = new Map<number, Promise<Uint8Array>>();
  readonly #began = performance.now();
  readonly #first: number;
  #takeOverAt: number | undefined;
  #confirmed = false;
  #singleRate = 0;

  /** @param offset where the connection starts */
  constructor(options: ParallelOptions, size: number, offset: number, fetch: FetchPart, signal: AbortSignal) {
    this.#options = options;
    this.#size = size;
    this.#first = offset;
    this.#fetch = fetch;
    this.#signal = AbortSignal.any([signal, this.#abort.signal]);
  }

  /**
   * Takes note of the connection's progress. Returns where it must stop, once several take over.
   */
  watch(offset: number): number | undefined {
    if (this.#takeOverAt === undefined) this.#judge(offset);
    // The connection got there before the first part: it is fast enough.
    else if (offset > this.#takeOverAt || (offset === this.#takeOverAt && !this.#confirmed)) this.cancel();
    return this.#confirmed ? this.#takeOverAt : undefined;
  }

  /**
   * Delivers parts in order from where `watch` said, to the blob's end or until one connection is
   * as fast as several. Rejects if a part fails; what was delivered stays delivered.
   */
  async deliver(write: (chunk: Uint8Array) => void): Promise<void> {
    const from = this.#takeOverAt ?? this.#size;
    const began = performance.now();
    try {
      for (let at = from; at < this.#size; at = this.#end(at)) {
        this.#request(at);
        const part = await this.#parts.get(at);
        if (!part) throw new Error('a part was not requested');
        this.#parts.delete(at);
        write(part);
        if (this.#isNoGain(this.#end(at) - from, performance.now() - began)) return;
      }
    } finally {
      this.cancel();
    }
  }

  /** Drops parts in progress. */
  cancel(): void {
    this.#confirmed = false;
    this.#takeOverAt ??= this.#size;
    this.#abort.abort();
    this.#parts.clear();
  }

  #judge(offset: number): void {
    const elapsed = performance.now() - this.#began;
    const { part, leastRest, slowerThan, watch, connections } = this.#options;
    if (elapsed < watch || offset === this.#first) return;
    this.#singleRate = (offset - this.#first) / elapsed;
    const slow = this.#singleRate * 1000 < slowerThan;
    if (connections < 2 || !slow || this.#size - offset < leastRest) {
      this.#takeOverAt = this.#size;
      return;
    }
    // Far enough ahead that the first part arrives before the connection gets there.
    const at = Math.min(this.#size, offset + 3 * part);
    if (at >= this.#size) return;
    this.#takeOverAt = at;
    this.#ask(at).then(
      () => {
        this.#confirmed = !this.#abort.signal.aborted;
      },
      () => this.cancel(),
    );
  }

  /** Keeps one part in progress per connection, the wanted one first. */
  #request(at: number): void {
    for (let next = at; next < this.#size && this.#parts.size < this.#options.connections; next = this.#end(next)) {
      if (!this.#parts.has(next)) this.#ask(next).catch(() => undefined);
    }
  }

  #ask(at: number): Promise<Uint8Array> {
    const part = this.#fetch(at, this.#end(at), this.#signal);
    this.#parts.set(at, part);
    return part;
  }

  #end(at: number): number {
    return Math.min(this.#size, at + this.#options.part);
  }

  #isNoGain(bytes: number, elapsed: number): boolean {
    const enough = bytes >= 2 * this.#options.connections * this.#options.part;
    return enough && bytes / elapsed < this.#singleRate * LEAST_GAIN;
  }
}
