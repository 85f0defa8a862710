let collator: Intl.Collator | undefined;

/**
 * Compares names in natural order: `layer2` before `layer10`. The collator is made by the first
 * comparison because that takes several milliseconds, which activation must not pay.
 */
export function compareNames(one: string, other: string): number {
  collator ??= new Intl.Collator('en', { numeric: true });
  return collator.compare(one, other);
}
