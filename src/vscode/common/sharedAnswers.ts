const MOST_KEPT = 200;

interface Kept<T> {
  readonly answer: Promise<T>;
  readonly until: number;
  readonly controller: AbortController;
  waiting: number;
  settled: boolean;
}

/**
 * Caches answers to questions asked concurrently and repeatedly. All callers share one request,
 * whose answer is kept for a while unless it failed. The request is aborted when its last waiting
 * caller leaves.
 */
export class SharedAnswers<T> {
  #kept = new Map<string, Kept<T>>();
  readonly #most: number;

  /** @param most answers to keep; the oldest go first */
  constructor(most = MOST_KEPT) {
    this.#most = most;
  }

  /** @param lifetime in ms */
  async get(key: string, lifetime: number, signal: AbortSignal, ask: (shared: AbortSignal) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const known = this.#kept.get(key);
    const kept = known && known.until > Date.now() ? known : this.#start(key, lifetime, ask);
    kept.waiting++;
    try {
      return await abortable(kept.answer, signal);
    } finally {
      kept.waiting--;
      // A running request without callers ends, and must not be joined any more.
      if (kept.waiting === 0 && !kept.settled) this.#drop(key, kept);
    }
  }

  /**
   * Asks again from now on. Callers already waiting still get the earlier answer.
   * @param which the keys to forget; absent = all
   */
  forget(which: (key: string) => boolean = () => true): void {
    this.#kept = new Map([...this.#kept].filter(([key]) => !which(key)));
  }

  #start(key: string, lifetime: number, ask: (shared: AbortSignal) => Promise<T>): Kept<T> {
    const controller = new AbortController();
    const answer = ask(controller.signal);
    const kept: Kept<T> = { answer, until: Date.now() + lifetime, controller, waiting: 0, settled: false };
    this.#kept.set(key, kept);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.#most) break;
      this.#kept.delete(oldest);
    }
    answer.then(
      () => (kept.settled = true),
      () => this.#drop(key, kept),
    );
    return kept;
  }

  #drop(key: string, kept: Kept<T>): void {
    if (this.#kept.get(key) === kept) this.#kept.delete(key);
    kept.controller.abort();
  }
}

/** Returns the promise's outcome, or rejects with the signal's reason if that comes first. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(reasonOf(signal));
    signal.addEventListener('abort', leave, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}

function reasonOf({ reason }: AbortSignal): Error {
  return reason instanceof Error ? reason : new Error('Cancelled', { cause: reason });
}
