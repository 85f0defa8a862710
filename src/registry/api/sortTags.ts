/**
 * Sorts tags in the order in which users look for them: `latest`, versions from new to old, dates,
 * names, and what only tools need (`sha256-….sig`, bare hashes). A pre-release follows its release,
 * and a version's flavours follow its plain tag.
 */
export function sortTags(tags: readonly string[]): string[] {
  return tags
    .map(parse)
    .sort(compare)
    .map(({ tag }) => tag);
}

interface Parsed {
  readonly tag: string;
  readonly rank: number;
  /** Digits without leading zeros, which may be too long for a number. */
  readonly numbers: readonly string[];
  readonly preRelease: string;
  readonly flavour: string;
}

const LATEST = 0;
const VERSION = 1;
/** `20240923` beside `3.20.3`: a snapshot, not a later version. */
const DATED = 2;
const NAME = 3;
const MACHINE = 4;

/** `v1.2.3-rc.1-alpine`, `2024.01`, `20240131`, `3`, `1.36-musl`. */
const VERSION_TAG =
  /^v?(\d{1,30}(?:\.\d{1,30}){0,5})(?:[-_.+]?((?:alpha|beta|preview|pre|rc|dev|snapshot|nightly|m(?=\d)|a(?=\d)|b(?=\d))[.-]?\d*))?(?:[-_.+]?(.*))?$/i;

/** A day, with or without a time of day. */
const DAY = /^(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:\d{4}|\d{6})?$/;

/** A date's parts are compared like a version's. */
const DATE = /^(\d{4})-(\d{2})-(\d{2})(?!\d)/;

function parse(tag: string): Parsed {
  const none = { tag, numbers: [], preRelease: '', flavour: '' };
  if (tag === 'latest') return { ...none, rank: LATEST };
  if (/^sha(?:256|512)-[0-9a-f]{32,}|^[0-9a-f]{32,}$/.test(tag)) return { ...none, rank: MACHINE };
  const match = VERSION_TAG.exec(tag.replace(DATE, '$1.$2.$3'));
  // A commit's hash may start with a digit.
  const isHash = /^[0-9a-f]{7,40}$/.test(tag) && /[a-f]/.test(tag);
  if (!match || isHash) return { ...none, rank: isHash ? MACHINE : NAME };
  const numbers = (match[1] ?? '').split('.').map(digits => digits.replace(/^0+(?=\d)/, ''));
  const isDate = DATE.test(tag) || DAY.test(numbers[0] ?? '');
  return {
    tag,
    rank: isDate ? DATED : VERSION,
    numbers,
    preRelease: (match[2] ?? '').toLowerCase(),
    flavour: match[3] ?? '',
  };
}

function compare(left: Parsed, right: Parsed): number {
  return (
    left.rank - right.rank ||
    compareNumbers(right.numbers, left.numbers) ||
    comparePreReleases(left.preRelease, right.preRelease) ||
    compareText(left.flavour, right.flavour) ||
    right.numbers.length - left.numbers.length ||
    compareText(left.tag, right.tag)
  );
}

/** `1.36` is the newest `1.36.x`, so a missing number counts as the highest. */
function compareNumbers(left: readonly string[], right: readonly string[]): number {
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const one = left[at];
    const other = right[at];
    if (one === undefined || other === undefined) return one === other ? 0 : one === undefined ? 1 : -1;
    if (one !== other) return one.length - other.length || (one < other ? -1 : 1);
  }
  return 0;
}

/** The release comes first, then pre-releases from new to old. */
function comparePreReleases(left: string, right: string): number {
  if (left === right) return 0;
  if (left === '' || right === '') return left === '' ? -1 : 1;
  return compareText(right, left);
}

/** Natural order: digits by value. */
function compareText(left: string, right: string): number {
  const one = left.match(/\d+|\D+/g) ?? [];
  const other = right.match(/\d+|\D+/g) ?? [];
  for (let at = 0; at < Math.min(one.length, other.length); at++) {
    const result = compareParts(one[at] ?? '', other[at] ?? '');
    if (result !== 0) return result;
  }
  return one.length - other.length || (left < right ? -1 : left > right ? 1 : 0);
}

function compareParts(one: string, other: string): number {
  if (/^\d/.test(one) && /^\d/.test(other)) {
    const left = one.replace(/^0+(?=\d)/, '');
    const right = other.replace(/^0+(?=\d)/, '');
    return left.length - right.length || (left < right ? -1 : left > right ? 1 : 0);
  }
  return one < other ? -1 : one > other ? 1 : 0;
}
