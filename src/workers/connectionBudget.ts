/**
 * The most connections of all threads together. Registries and their storage rarely serve more per
 * client without complaint.
 */
const MOST = 8;

/** Words of the memory. */
const USED = 0;
const LIMIT = 1;
const WAITING = 2;
const WORDS = 3;

/**
 * How many connections download layers, and how many may, counted by all threads of a pool in
 * shared memory.
 */
export class ConnectionBudget {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;

  /** @param memory of the pool's budget, in its threads */
  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(WORDS * 4)) {
    this.memory = memory;
    this.#words = new Int32Array(memory);
    Atomics.compareExchange(this.#words, LIMIT, 0, MOST);
  }

  /** Layers that wait for their turn. */
  get waiting(): number {
    return Atomics.load(this.#words, WAITING);
  }

  set waiting(layers: number) {
    Atomics.store(this.#words, WAITING, layers);
  }

  get hasRoom(): boolean {
    return Atomics.load(this.#words, USED) < Atomics.load(this.#words, LIMIT);
  }

  /** False once the limit was lowered: a connection that can should end. */
  get isKept(): boolean {
    return Atomics.load(this.#words, USED) <= Atomics.load(this.#words, LIMIT);
  }

  /** Counts a connection if there is room for it. */
  take(): boolean {
    if (Atomics.add(this.#words, USED, 1) < Atomics.load(this.#words, LIMIT)) return true;
    this.release();
    return false;
  }

  /** Counts a connection in any case. */
  use(): void {
    Atomics.add(this.#words, USED, 1);
  }

  release(): void {
    Atomics.sub(this.#words, USED, 1);
  }

  /** Allows one connection less than are used, until the next {@link reset}. */
  lower(): void {
    const used = Math.min(Atomics.load(this.#words, USED), Atomics.load(this.#words, LIMIT));
    Atomics.store(this.#words, LIMIT, Math.max(1, used - 1));
  }

  /** Starts again, when no thread downloads. */
  reset(): void {
    Atomics.store(this.#words, USED, 0);
    Atomics.store(this.#words, LIMIT, MOST);
  }
}
