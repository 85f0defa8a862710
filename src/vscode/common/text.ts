/** Texts for rows. What a registry sent is shown as plain text: without control characters, and without marks that turn the reading direction around. */

/* eslint-disable-next-line no-control-regex -- these very characters are what must go */
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]+/g;

/** One line of plain text of at most `limit` characters; the rest is cut and marked with an ellipsis. */
export function plainText(text: string, limit = 200): string {
  // Cut twice: the pattern must not walk over megabytes of which a row shows 200 characters.
  const line = text
    .slice(0, limit * 8)
    .replace(UNPRINTABLE, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  if (line.length <= limit && text.length <= limit * 8) return line;
  return `${line.slice(0, limit - 1).trimEnd()}…`;
}

/** The same text with a space for each character that cannot be seen, so that every other one stays in its place. */
export function visible(text: string): string {
  return text.replace(UNPRINTABLE, hidden => ' '.repeat(hidden.length));
}

const UNITS = ['kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** Bytes as people say them, in powers of 1000 as registries and `docker images` count: `32 B`, `4.2 MB`. */
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

/** A whole number with its thousands apart: `1,200`. By hand, for the first number that `toLocaleString` writes takes some 30 ms, in which the editor's host does nothing else. */
export function grouped(number: number): string {
  return String(number).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** `1 layer`, `3 layers`, `1,200 tags`. */
export function count(number: number, singular: string, plural = `${singular}s`): string {
  return `${grouped(number)} ${number === 1 ? singular : plural}`;
}

/** Joins the parts that are there with a middle dot, as descriptions of rows are written. */
export function dotted(...parts: readonly (string | undefined | false)[]): string {
  return parts.filter(Boolean).join(' · ');
}

/** `2 hours ago`; empty when the time cannot be read. `now` in milliseconds. */
export function timeAgo(rfc3339: string | undefined, now: number): string {
  const then = Date.parse(rfc3339 ?? '');
  // Reproducible builds write the year 1970 or 1980: no age that means anything.
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
