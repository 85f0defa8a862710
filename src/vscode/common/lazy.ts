/** A value that is fetched when first asked for and kept until a reset. Overlapping callers share one request; a failure is not kept. */
export class Lazy<Value> {
  readonly #load: (signal: AbortSignal) => Promise<Value>;
  #pending: Promise<Value> | undefined;
  #value: Value | undefined;
  #controller = new AbortController();

  constructor(load: (signal: AbortSignal) => Promise<Value>) {
    this.#load = load;
  }

  /** What was fetched, if it was. */
  get current(): Value | undefined {
    return this.#value;
  }

  /** @throws what the request failed with; the next call tries again */
  get(): Promise<Value> {
    this.#pending ??= this.#request(this.#controller.signal);
    return this.#pending;
  }

  /** Forgets the value; a request that runs is given up, and who waits for it gets the value of a new one. */
  reset(): void {
    this.#controller.abort();
    this.#controller = new AbortController();
    this.#pending = undefined;
    this.#value = undefined;
  }

  async #request(signal: AbortSignal): Promise<Value> {
    try {
      const value = await this.#load(signal);
      if (signal.aborted) return await this.get();
      this.#value = value;
      return value;
    } catch (failure) {
      if (signal.aborted) return await this.get();
      this.#pending = undefined;
      throw failure;
    }
  }
}
