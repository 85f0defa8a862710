/** How well a path fits what was typed; lower is better, `undefined` for not at all. */
function rank(path: string, lower: string, typed: string): number | undefined {
  const base = lower.lastIndexOf('/') + 1;
  const inName = lower.indexOf(typed, base);
  if (inName >= 0) return (inName === base ? 0 : 1_000) + path.length;
  const whole = lower.indexOf(typed);
  if (whole >= 0) return 2_000 + path.length;
  let at = -1;
  let gaps = 0;
  for (let index = 0; index < typed.length; index++) {
    const next = lower.indexOf(typed.charAt(index), at + 1);
    if (next < 0) return undefined;
    if (next !== at + 1) gaps += 1;
    at = next;
  }
  return 3_000 + gaps * 500 + path.length;
}

/** Finds paths by what a person types, as they type: the letters in their order, anywhere; whole parts, names and short paths come first. */
export class FuzzyPaths {
  readonly #paths: readonly string[];
  readonly #lower: readonly string[];
  /** What fitted the text before: a longer text fits only among these. */
  #last: { readonly typed: string; readonly fitting: readonly number[] };

  constructor(paths: readonly string[]) {
    this.#paths = paths;
    this.#lower = paths.map(path => path.toLowerCase());
    this.#last = { typed: '', fitting: paths.map((_, at) => at) };
  }

  /** The best paths for a text, best first. Spaces in it mean nothing. */
  find(text: string, most: number): string[] {
    const typed = text.toLowerCase().replaceAll(/\s+/g, '');
    const among = typed.startsWith(this.#last.typed) ? this.#last.fitting : [...this.#paths.keys()];
    const ranked: { readonly at: number; readonly rank: number }[] = [];
    for (const at of among) {
      const fit = rank(this.#paths[at] ?? '', this.#lower[at] ?? '', typed);
      if (fit !== undefined) ranked.push({ at, rank: fit });
    }
    this.#last = { typed, fitting: ranked.map(({ at }) => at) };
    return best(ranked, most).map(({ at }) => this.#paths[at] ?? '');
  }
}

/** The lowest ranks in order, without sorting all. */
function best<T extends { readonly rank: number }>(ranked: readonly T[], most: number): T[] {
  if (ranked.length <= most) return ranked.toSorted((one, other) => one.rank - other.rank);
  const ranks = Float64Array.from(ranked, ({ rank }) => rank).sort();
  const limit = ranks[most - 1] ?? 0;
  const kept = ranked.filter(({ rank }) => rank <= limit);
  return kept.sort((one, other) => one.rank - other.rank).slice(0, most);
}
