let collator: Intl.Collator | undefined;

/** Orders names as a person counts: `layer2` before `layer10`. The first comparison makes the collator, which takes several milliseconds that activation is not to pay. */
export function compareNames(one: string, other: string): number {
  collator ??= new Intl.Collator('en', { numeric: true });
  return collator.compare(one, other);
}
