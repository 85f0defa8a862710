import { setImmediate } from 'node:timers/promises';

/** Long computation that can pause wherever it yields. */
export type Sliced<T> = Generator<void, T>;

/** How long the thread may be blocked at a time, in milliseconds. */
const SLICE = 12;

/** Runs the work without pausing. */
export function atOnce<T>(work: Sliced<T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

/** Runs the work in short slices, with turns of the event loop between them. */
export async function inSlices<T>(work: Sliced<T>, signal?: AbortSignal): Promise<T> {
  for (;;) {
    const end = performance.now() + SLICE;
    do {
      const { done, value } = work.next();
      if (done) return value;
    } while (performance.now() < end);
    await setImmediate();
    signal?.throwIfAborted();
  }
}
