/** When one blob is fetched over several connections. Plain data. */
export interface ParallelOptions {
  /** Connections for one blob; 1 = never more. */
  readonly connections: number;
  /** Bytes that each of them fetches at a time; `connections` times as much is held in memory at most. */
  readonly part: number;
  /** A shorter rest is left to the one connection. */
  readonly leastRest: number;
  /** Bytes a second; a connection that is faster is left alone, for more of them would only share its way. */
  readonly slowerThan: number;
  /** How long a connection is watched before it is judged; milliseconds. */
  readonly watch: number;
}

/** Fetches the bytes [start, end) of the blob; rejects when the place gives no parts. */
export type FetchPart = (start: number, end: number, signal: AbortSignal) => Promise<Uint8Array>;

/** Less gain than this over the single connection is not worth the registry's trouble. */
const LEAST_GAIN = 1.2;

/**
 * Watches the one connection that a blob comes over, and where it is slow (as storage services that limit each connection are) fetches what lies further
 * on over several, to be delivered in order. The connection is only given up when the first part has come, so where there are no parts nothing is lost.
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

  /** @param offset where the connection begins; `size` must be known */
  constructor(options: ParallelOptions, size: number, offset: number, fetch: FetchPart, signal: AbortSignal) {
    this.#options = options;
    this.#size = size;
    this.#first = offset;
    this.#fetch = fetch;
    this.#signal = AbortSignal.any([signal, this.#abort.signal]);
  }

  /** To be told where the connection stands. Returns where it has to stop, once that is sure. */
  watch(offset: number): number | undefined {
    if (this.#takeOverAt === undefined) this.#judge(offset);
    // The connection got there before the first part came: it is fast enough.
    else if (offset > this.#takeOverAt || (offset === this.#takeOverAt && !this.#confirmed)) this.cancel();
    return this.#confirmed ? this.#takeOverAt : undefined;
  }

  /**
   * Delivers parts in order from where `watch` said. Ends at the blob's end, or where one connection is as good as many.
   * Rejects when a part cannot be had; what was delivered stays delivered.
   */
  async deliver(write: (chunk: Uint8Array) => void): Promise<void> {
    const from = this.#takeOverAt ?? this.#size;
    const began = performance.now();
    try {
      for (let at = from; at < this.#size; at = this.#end(at)) {
        this.#request(at);
        const part = await this.#parts.get(at);
        if (!part) throw new Error('a part was not asked for');
        this.#parts.delete(at);
        write(part);
        if (this.#isNoGain(this.#end(at) - from, performance.now() - began)) return;
      }
    } finally {
      this.cancel();
    }
  }

  /** Drops what is under way. */
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
    // Far enough ahead for the first part to come before the connection gets there.
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

  /** Keeps as many parts on their way as there may be connections, the wanted one first. */
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
