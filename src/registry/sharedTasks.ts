interface Shared<T> {
  readonly result: Promise<T>;
  readonly abort: AbortController;
  callers: number;
}

/** Shares work between callers: one task per key at a time, aborted when its last caller leaves. */
export class SharedTasks<T> {
  readonly #running = new Map<string, Shared<T>>();

  /** Waits for the running task of this key, or starts it. @throws the signal's reason */
  async share(key: string, signal: AbortSignal, start: (signal: AbortSignal) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const shared = this.#running.get(key) ?? this.#start(key, start);
    shared.callers += 1;
    const left = Promise.withResolvers<never>();
    const onAbort = (): void => left.reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.race([shared.result, left.promise]);
    } finally {
      signal.removeEventListener('abort', onAbort);
      shared.callers -= 1;
      if (shared.callers === 0) {
        if (this.#running.get(key) === shared) this.#running.delete(key);
        shared.abort.abort();
      }
    }
  }

  #start(key: string, start: (signal: AbortSignal) => Promise<T>): Shared<T> {
    const abort = new AbortController();
    const shared: Shared<T> = { result: start(abort.signal), abort, callers: 0 };
    shared.result.catch(() => undefined);
    this.#running.set(key, shared);
    return shared;
  }
}
