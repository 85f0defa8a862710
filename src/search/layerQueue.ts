/** Work that comes while others take it: who finds none waits until there is more, or it is known that none comes. */
export class LayerQueue<T> {
  readonly #waiting: T[] = [];
  #closed = false;
  #news = Promise.withResolvers<void>();

  add(...work: readonly T[]): void {
    this.#waiting.push(...work);
    this.#tell();
  }

  /** No more comes. */
  close(): void {
    this.#closed = true;
    this.#tell();
  }

  /** The next piece of work; `undefined` when there is none any more. */
  async take(): Promise<T | undefined> {
    while (this.#waiting.length === 0 && !this.#closed) await this.#news.promise;
    return this.#waiting.shift();
  }

  #tell(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }
}
