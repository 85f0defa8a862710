/** Items are looked at by so many at once. */
const STEP = 2_000;

/** The first items of a list as `compare` orders them, sorted. Much quicker than to sort all of a long list, of which few are shown. */
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
