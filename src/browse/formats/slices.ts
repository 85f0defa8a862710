import { setImmediate } from 'node:timers/promises';

/** Long work that can be interrupted wherever it yields. */
export type Sliced<T> = Generator<void, T>;

/** For so long a thread may be kept from everything else. Milliseconds. */
const SLICE = 12;

/** Does the work in one go. */
export function atOnce<T>(work: Sliced<T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

/** Does the work in short slices, between which the thread does other things. @throws what the work throws, and the signal's reason */
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
