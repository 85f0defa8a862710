import { getPriority, setPriority } from 'node:os';

/** In units of `nice`: 0 is the default, 19 the lowest. */
const PRIORITY = 10;

/**
 * Lowers the priority of the calling thread and those it starts, so that the editor's own, whose
 * work is short, do not wait while layers are unpacked. Only Linux has priorities of single
 * threads; elsewhere this does nothing.
 */
export function lowerThreadPriority(): void {
  if (process.platform !== 'linux') return;
  try {
    if (getPriority() < PRIORITY) setPriority(PRIORITY);
  } catch {
    // A sandbox may forbid it, and the work runs all the same.
  }
}
