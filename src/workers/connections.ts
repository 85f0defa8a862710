import { performance } from 'node:perf_hooks';
import type { Widening } from '../oci/byteSource.ts';
import type { Transport } from '../registry/http/transport.ts';
import { ConnectionBudget } from './connectionBudget.ts';

/** Milliseconds between two looks at the thread. */
const TICK = 10;
/** The share of time that a thread waits from which on it could use another connection. */
const STARVING = 0.3;
/** The share below which it is the thread that is too slow, not the link. */
const SATED = 0.1;

/**
 * Adds connections while the thread waits for bytes, one at each tick: for another layer if one
 * waits for its turn, else for the download with the most bytes ahead. A thread that is busy with
 * the bytes it gets, as with a registry on loopback, adds none.
 */
export class Connections {
  readonly #budget: ConnectionBudget;
  readonly #wantLayer: () => void;
  readonly #downloads = new Set<Widening>();
  readonly #transports: Transport[] = [];
  #timer: NodeJS.Timeout | undefined;
  #idle = 0;
  #at = 0;
  #throttled = 0;
  /**
   * A moving average of the share of time without work. It needs some 30 ms of waiting to rise:
   * with a registry on loopback, layers taken during the first answer's few would only be
   * distributed badly.
   */
  #waits = 0;

  /** @param wantLayer asks for a layer that waits for its turn */
  constructor(memory: SharedArrayBuffer, wantLayer: () => void) {
    this.#budget = new ConnectionBudget(memory);
    this.#wantLayer = wantLayer;
  }

  /** Counts a job that downloads. Returns what to call at its end. */
  begin(transport: Transport): () => void {
    this.#transports.push(transport);
    if (!this.#timer) {
      this.#look();
      [this.#waits, this.#throttled] = [0, this.#refusals()];
      this.#timer = setInterval(() => this.#tick(), TICK);
    }
    return () => {
      this.#transports.splice(this.#transports.indexOf(transport), 1);
      if (this.#transports.length > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  }

  /** Lets a download have further connections until the returned function is called. */
  watch(download: Widening): () => void {
    this.#downloads.add(download);
    return () => void this.#downloads.delete(download);
  }

  #tick(): void {
    this.#waits += (this.#look() - this.#waits) / 8;
    const refusals = this.#refusals();
    if (refusals > this.#throttled) this.#budget.lower();
    this.#throttled = refusals;
    if (this.#waits < STARVING || !this.#budget.hasRoom) return;
    if (this.#budget.waiting > 0) return this.#wantLayer();
    const [most] = [...this.#downloads].sort((a, b) => b.unclaimed - a.unclaimed);
    if (!most || most.unclaimed === 0 || !this.#budget.take()) return;
    void most.widen(() => this.#budget.isKept && this.#waits >= SATED).finally(() => this.#budget.release());
  }

  /** Returns the share of time since the last call for which the thread had nothing to do. */
  #look(): number {
    const now = performance.now();
    const { idle } = performance.eventLoopUtilization();
    const share = (idle - this.#idle) / (now - this.#at);
    [this.#idle, this.#at] = [idle, now];
    return share;
  }

  /** How often registries asked for fewer requests. */
  #refusals(): number {
    return [...new Set(this.#transports)].reduce((sum, { refusals }) => sum + refusals, 0);
  }
}
