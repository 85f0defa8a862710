/** Ranks above this one count as equal. */
const WORST = 0xffff;

/** Returns how well a path matches, lower being better. `base` is where its last name starts. */
function rank(lower: string, base: number, typed: string): number | undefined {
  const whole = lower.indexOf(typed);
  if (whole >= 0) {
    const inName = whole >= base ? whole : lower.indexOf(typed, base);
    return (inName === base ? 0 : inName > base ? 1_000 : 2_000) + lower.length;
  }
  let at = -1;
  let gaps = 0;
  for (let index = 0; index < typed.length; index++) {
    const next = lower.indexOf(typed.charAt(index), at + 1);
    if (next < 0) return undefined;
    if (next !== at + 1) gaps += 1;
    at = next;
  }
  return 3_000 + gaps * 500 + lower.length;
}

/**
 * Finds paths as the user types: the characters typed, in order, anywhere in the path. Contiguous
 * matches, matches in the last name and short paths come first.
 */
export class FuzzyPaths {
  readonly #paths: readonly string[];
  readonly #lower: readonly string[];
  /** Where each path's last name starts. */
  readonly #bases: Uint32Array;
  /** The previous matches, which are all that longer input can match. */
  #last: { readonly typed: string; readonly fitting: Uint32Array };

  constructor(paths: readonly string[]) {
    this.#paths = paths;
    this.#lower = paths.map(path => path.toLowerCase());
    this.#bases = new Uint32Array(paths.length);
    for (let at = 0; at < paths.length; at++) this.#bases[at] = (this.#lower[at] ?? '').lastIndexOf('/') + 1;
    this.#last = { typed: '', fitting: this.#all() };
  }

  /** Returns the best matches, best first. Ignores whitespace in the input. */
  find(text: string, most: number): string[] {
    const typed = text.toLowerCase().replaceAll(/\s+/g, '');
    const among = typed.startsWith(this.#last.typed) ? this.#last.fitting : this.#all();
    const fitting = new Uint32Array(among.length);
    const ranks = new Uint16Array(among.length);
    let count = 0;
    // By index: iterators of large arrays cost more than the matching.
    for (let next = 0; next < among.length; next++) {
      const at = among[next] ?? 0;
      const fit = rank(this.#lower[at] ?? '', this.#bases[at] ?? 0, typed);
      if (fit === undefined) continue;
      fitting[count] = at;
      ranks[count++] = Math.min(fit, WORST);
    }
    this.#last = { typed, fitting: fitting.slice(0, count) };
    return best(ranks.subarray(0, count), most).map(place => this.#paths[fitting[place] ?? 0] ?? '');
  }

  #all(): Uint32Array {
    const all = new Uint32Array(this.#paths.length);
    for (let at = 0; at < all.length; at++) all[at] = at;
    return all;
  }
}

/** Returns the places of the lowest ranks, in order; sorting all is too slow for a keystroke. */
function best(ranks: Uint16Array, most: number): number[] {
  const counts = new Uint32Array(WORST + 1);
  const rankOf = (place: number): number => ranks[place] ?? WORST;
  for (let place = 0; place < ranks.length; place++) counts[rankOf(place)] = (counts[rankOf(place)] ?? 0) + 1;
  let limit = 0;
  for (let sum = counts[0] ?? 0; sum < most && limit < WORST; sum += counts[limit] ?? 0) limit += 1;
  const chosen: number[] = [];
  for (let place = 0; place < ranks.length; place++) if (rankOf(place) < limit) chosen.push(place);
  for (let place = 0; place < ranks.length && chosen.length < most; place++) {
    if (rankOf(place) === limit) chosen.push(place);
  }
  return chosen.sort((one, other) => rankOf(one) - rankOf(other));
}
