/** Newer tags of the same kind as a given one. */
export interface NewerTags {
  /** The newest with the same suffix, such as `1.27-alpine` after `1.25-alpine`. */
  readonly newest?: string;
  /** The newest whose suffix has higher numbers, such as `-alpine3.20` after `-alpine3.18`. */
  readonly newestSuffix?: string;
}

interface Version {
  readonly tag: string;
  readonly v: string;
  readonly numbers: readonly string[];
  /** Letters right after the numbers: a pre-release such as `b1`. */
  readonly pre: string;
  readonly suffix: string;
}

/**
 * Finds newer tags by the rules of Renovate's docker versioning: as many numbers, the same suffix
 * after the first hyphen, no pre-release in place of a release. Dates are only compared with dates.
 */
export function newerTags(tag: string, tags: readonly string[]): NewerTags {
  const current = parse(tag);
  if (!current) return {};
  const comparable = tags
    .flatMap(each => parse(each) ?? [])
    .filter(each => isComparable(current, each) && compareVersions(each, current) >= 0);
  const same = comparable.filter(each => each.suffix === current.suffix && compareVersions(each, current) > 0);
  const other = comparable.filter(each => hasHigherSuffix(current.suffix, each.suffix));
  const newest = highest(same, current);
  const newestSuffix = highest(other, current);
  return { ...(newest ? { newest } : {}), ...(newestSuffix ? { newestSuffix } : {}) };
}

/** Returns whether a tag is a version, so that a newer one may exist. */
export function isVersion(tag: string): boolean {
  return parse(tag) !== undefined;
}

function parse(tag: string): Version | undefined {
  // A commit's hash.
  if (/^[0-9a-f]{7,40}$/.test(tag) && /[a-f]/.test(tag)) return undefined;
  const match = /^(v?)(\d{1,30}(?:\.\d{1,30}){0,7})([A-Za-z]\w*)?(?:-(.*))?$/.exec(tag);
  if (!match) return undefined;
  const [, v = '', numbers = '', pre = '', suffix = ''] = match;
  return { tag, v, numbers: numbers.split('.').map(each => each.replace(/^0+(?=\d)/, '')), pre, suffix };
}

function isComparable(current: Version, other: Version): boolean {
  return (
    current.numbers.length === other.numbers.length &&
    isDate(current) === isDate(other) &&
    (!isDate(current) || current.numbers[0]?.length === other.numbers[0]?.length) &&
    (other.pre === '' || current.pre !== '')
  );
}

/** `20240101`, `2024.1`: years and longer. */
function isDate({ numbers: [first = ''] }: Version): boolean {
  return first.length >= 6 || /^(?:19|20)\d\d$/.test(first);
}

function compareVersions(left: Version, right: Version): number {
  const result = compareNumbers(left.numbers, right.numbers);
  if (result !== 0 || left.pre === right.pre) return result;
  // The release follows its pre-releases.
  if (left.pre === '' || right.pre === '') return left.pre === '' ? 1 : -1;
  return compareNumbers(numbersIn(left.pre), numbersIn(right.pre)) || (left.pre < right.pre ? -1 : 1);
}

function hasHigherSuffix(current: string, other: string): boolean {
  const shape = (suffix: string): string => suffix.replace(/\d+/g, '0');
  return (
    current !== other &&
    /\d/.test(current) &&
    shape(current) === shape(other) &&
    compareNumbers(numbersIn(other), numbersIn(current)) > 0
  );
}

/** Returns the highest; of equal ones, that which writes its version like the current tag. */
function highest(versions: readonly Version[], current: Version): string | undefined {
  const order = (left: Version, right: Version): number =>
    compareVersions(left, right) ||
    compareNumbers(numbersIn(left.suffix), numbersIn(right.suffix)) ||
    Number(left.v === current.v) - Number(right.v === current.v);
  return versions.toSorted(order).at(-1)?.tag;
}

function numbersIn(text: string): string[] {
  return (text.match(/\d+/g) ?? []).map(each => each.replace(/^0+(?=\d)/, ''));
}

/** Digits may be too long for a number. */
function compareNumbers(left: readonly string[], right: readonly string[]): number {
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const [one = '0', other = '0'] = [left[at], right[at]];
    if (one !== other) return one.length - other.length || (one < other ? -1 : 1);
  }
  return 0;
}
