/** Items examined at a time. */
const STEP = 2_000;

/**
 * Returns the first `most` items in the order of `compare`. Much faster than sorting a long list of
 * which few items are shown.
 */
export function firstInOrder<T>(
  items: readonly T[],
  most: number,
  compare: (one: T, other: T) => number,
): readonly T[] {
  let best: readonly T[] = [];
  for (let at = 0; at < items.length; at += STEP) {
    const last = best.length < most ? undefined : best.at(-1);
    const step = items.slice(at, at + STEP);
    const fitting = last === undefined ? step : step.filter(item => compare(item, last) < 0);
    if (fitting.length > 0) best = [...best, ...fitting].sort(compare).slice(0, most);
  }
  return best;
}
