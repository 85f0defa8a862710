/** How many warnings are kept word for word. */
const KEPT = 100;

/** Collects warnings about a usable layer. Bounded, because a hostile layer can cause millions. */
export class Warnings {
  readonly #kept: string[] = [];
  #more = 0;

  add(warning: string): void {
    if (this.#kept.length < KEPT) this.#kept.push(warning);
    else this.#more += 1;
  }

  addAll(warnings: readonly string[]): void {
    for (const warning of warnings) this.add(warning);
  }

  list(): string[] {
    return this.#more > 0 ? [...this.#kept, `and ${this.#more} more like these`] : [...this.#kept];
  }
}
