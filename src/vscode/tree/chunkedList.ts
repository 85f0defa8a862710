/** A part of a list, and the cursor of the next one if there is one. */
export interface Chunk<Item> {
  readonly items: readonly Item[];
  readonly next?: string | undefined;
}

/**
 * A list that is loaded on demand, chunk by chunk. Overlapping calls share one request. A failure
 * keeps the chunks loaded so far, and is kept itself to be shown below them.
 */
export class ChunkedList<Item> {
  readonly #fetch: (cursor: string | undefined, signal: AbortSignal) => Promise<Chunk<Item>>;
  #items: readonly Item[] = [];
  #next: string | undefined;
  #failure: unknown;
  #started = false;
  #running: Promise<void> | undefined;
  #controller = new AbortController();

  constructor(fetch: (cursor: string | undefined, signal: AbortSignal) => Promise<Chunk<Item>>) {
    this.#fetch = fetch;
  }

  get items(): readonly Item[] {
    return this.#items;
  }

  /** The first chunk has arrived. */
  get loaded(): boolean {
    return this.#started;
  }

  get hasMore(): boolean {
    return this.#next !== undefined;
  }

  /**
   * Why the last request for a further chunk failed; the first chunk's failure is thrown instead.
   */
  get failure(): unknown {
    return this.#failure;
  }

  /**
   * Loads the first chunk, once. @throws what the request failed with; the next call tries again
   */
  async first(): Promise<void> {
    // A loop, because a reset may abort the very request that is awaited here.
    while (!this.#started) await this.#load();
  }

  /** Appends the next chunk. Never throws: see {@link failure}. */
  async more(): Promise<void> {
    if (this.#running) return this.#running.catch(() => undefined);
    this.#failure = undefined;
    try {
      await this.#load();
    } catch (failure) {
      this.#failure = failure;
    }
  }

  /** Forgets everything and aborts a running request. */
  reset(): void {
    this.#controller.abort();
    this.#controller = new AbortController();
    this.#items = [];
    this.#next = undefined;
    this.#failure = undefined;
    this.#started = false;
    this.#running = undefined;
  }

  #load(): Promise<void> {
    this.#running ??= this.#request(this.#controller.signal);
    return this.#running;
  }

  async #request(signal: AbortSignal): Promise<void> {
    try {
      const chunk = await this.#fetch(this.#next, signal);
      // An answer after a reset belongs to the old list.
      if (signal.aborted) return;
      this.#items = [...this.#items, ...chunk.items];
      this.#next = chunk.next;
      this.#started = true;
    } catch (failure) {
      if (!signal.aborted) throw failure;
    } finally {
      if (!signal.aborted) this.#running = undefined;
    }
  }
}
