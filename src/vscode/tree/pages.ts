/** A part of a list, and the cursor of the next part when there is one. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next?: string | undefined;
}

/**
 * A list that is loaded part by part, when somebody looks. Calls that overlap share one request; a failure leaves what was loaded and is kept, so that
 * it can be shown below it.
 */
export class Pages<Item> {
  readonly #fetch: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<Item>>;
  #items: readonly Item[] = [];
  #next: string | undefined;
  #failure: unknown;
  #started = false;
  #running: Promise<void> | undefined;
  #controller = new AbortController();

  constructor(fetch: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<Item>>) {
    this.#fetch = fetch;
  }

  get items(): readonly Item[] {
    return this.#items;
  }

  /** The first part has arrived. */
  get loaded(): boolean {
    return this.#started;
  }

  get hasMore(): boolean {
    return this.#next !== undefined;
  }

  /** Why the last request for a further part failed; the first part's failure is thrown instead. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Loads the first part, once. @throws what the request failed with; the next call tries again */
  async first(): Promise<void> {
    // Not once but until: a reset may give up the very request that is awaited here.
    while (!this.#started) await this.#load();
  }

  /** Loads the next part behind what is there. Never throws: see {@link failure}. */
  async more(): Promise<void> {
    if (this.#running) return this.#running.catch(() => undefined);
    this.#failure = undefined;
    try {
      await this.#load();
    } catch (failure) {
      this.#failure = failure;
    }
  }

  /** Forgets everything; a request that runs is given up. */
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
      const page = await this.#fetch(this.#next, signal);
      // An answer that comes after a reset belongs to a list that is gone.
      if (signal.aborted) return;
      this.#items = [...this.#items, ...page.items];
      this.#next = page.next;
      this.#started = true;
    } catch (failure) {
      if (!signal.aborted) throw failure;
    } finally {
      if (!signal.aborted) this.#running = undefined;
    }
  }
}
