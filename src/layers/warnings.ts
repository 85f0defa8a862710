/** How many are kept word for word. */
const KEPT = 100;

/** Collects what a person should know of a layer that could be used all the same. Bounded, for a hostile layer gives cause for millions. */
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
    return this.#more > 0 ? [...this.#kept, `and ${this.#more} more of such kind`] : [...this.#kept];
  }
}
