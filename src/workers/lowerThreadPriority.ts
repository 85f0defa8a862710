import { getPriority, setPriority } from 'node:os';

/** As `nice` counts: 0 is what others usually have, 19 the last. */
const PRIORITY = 10;

/**
 * Lets the thread that calls this, and what it starts, give way to others: the editor's own, whose work is short, need not wait for a turn while layers are unpacked. Only Linux knows priorities of
 * single threads; elsewhere nothing happens.
 */
export function lowerThreadPriority(): void {
  if (process.platform !== 'linux') return;
  try {
    if (getPriority() < PRIORITY) setPriority(PRIORITY);
  } catch {
    // A sandbox may forbid it: then the work is done as it was.
  }
}
