/**
 * Strings for rows. Whatever a registry sent is shown as plain text, without control characters and
 * without marks that reverse the reading direction.
 */

/* eslint-disable-next-line no-control-regex -- these very characters are what must go */
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]+/g;

/**
 * Returns one line of plain text of at most `limit` characters; a cut is marked with an ellipsis.
 */
export function plainText(text: string, limit = 200): string {
  // Cut twice: the pattern must not walk over megabytes when a row shows 200 characters.
  const line = text
    .slice(0, limit * 8)
    .replace(UNPRINTABLE, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  if (line.length <= limit && text.length <= limit * 8) return line;
  return `${line.slice(0, limit - 1).trimEnd()}…`;
}

/** Replaces each invisible character with a space, so that all others keep their positions. */
export function visible(text: string): string {
  return text.replace(UNPRINTABLE, hidden => ' '.repeat(hidden.length));
}

const UNITS = ['kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** Formats bytes in powers of 1000, as registries and `docker images` do: `32 B`, `4.2 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${Math.max(0, Math.round(bytes))} B`;
  let value = bytes;
  let unit = -1;
  do {
    value /= 1000;
    unit += 1;
  } while (value >= 999.5 && unit < UNITS.length - 1);
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit] ?? ''}`;
}

/**
 * Formats a whole number with thousands separators: `1,200`. Not with `toLocaleString`, whose first
 * call blocks the extension host for some 30 ms.
 */
export function grouped(number: number): string {
  return String(number).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** `1 layer`, `3 layers`, `1,200 tags`. */
export function count(number: number, singular: string, plural = `${singular}s`): string {
  return `${grouped(number)} ${number === 1 ? singular : plural}`;
}

/** Joins the parts that are present with a middle dot, as in descriptions of rows. */
export function dotted(...parts: readonly (string | undefined | false)[]): string {
  return parts.filter(Boolean).join(' · ');
}

/** `2 hours ago`; empty if the time can't be parsed. `now` in milliseconds. */
export function timeAgo(rfc3339: string | undefined, now: number): string {
  const then = Date.parse(rfc3339 ?? '');
  // Reproducible builds write the year 1970 or 1980, an age that means nothing.
  if (Number.isNaN(then) || then < Date.UTC(1990, 0)) return '';
  const seconds = Math.max(0, (now - then) / 1000);
  for (const [unit, length] of AGES) {
    if (seconds >= length) {
      const many = Math.floor(seconds / length);
      return `${count(many, unit)} ago`;
    }
  }
  return 'just now';
}

const AGES: readonly (readonly [string, number])[] = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];
