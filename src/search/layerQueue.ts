/** Work for several takers, who wait while the queue is empty and not closed. */
export class LayerQueue<T> {
  readonly #waiting: T[] = [];
  #closed = false;
  #news = Promise.withResolvers<void>();

  add(...work: readonly T[]): void {
    this.#waiting.push(...work);
    this.#notify();
  }

  /** Declares that no more work comes. */
  close(): void {
    this.#closed = true;
    this.#notify();
  }

  /** Returns the next piece of work, or `undefined` once the queue is closed and empty. */
  async take(): Promise<T | undefined> {
    while (this.#waiting.length === 0 && !this.#closed) await this.#news.promise;
    return this.#waiting.shift();
  }

  #notify(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }
}
