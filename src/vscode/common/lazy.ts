/**
 * A value that is loaded on first use and kept until a reset. Overlapping callers share one
 * request. A failure isn't kept.
 */
export class Lazy<Value> {
  readonly #load: (signal: AbortSignal) => Promise<Value>;
  #pending: Promise<Value> | undefined;
  #value: Value | undefined;
  #controller = new AbortController();

  constructor(load: (signal: AbortSignal) => Promise<Value>) {
    this.#load = load;
  }

  /** The value, if it has been loaded. */
  get current(): Value | undefined {
    return this.#value;
  }

  /** @throws what the request failed with; the next call tries again */
  get(): Promise<Value> {
    this.#pending ??= this.#request(this.#controller.signal);
    return this.#pending;
  }

  /**
   * Forgets the value. A running request is aborted, and its callers get the value of a new one.
   */
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
