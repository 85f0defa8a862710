/** The part of a blob in an answer (RFC 9110, 14.4). */
export interface ContentRange {
  readonly start: number;
  /** After the last byte. */
  readonly end: number;
  /** The whole length; undefined if the server sends `*`. */
  readonly total: number | undefined;
}

/** Reads `bytes 5-9/100`; undefined for anything else. */
export function parseContentRange(text: string | undefined): ContentRange | undefined {
  const match = /^\s*bytes[ =](\d{1,16})-(\d{1,16})\/(\d{1,16}|\*)\s*$/i.exec(text ?? '');
  if (!match) return undefined;
  const start = Number(match[1]);
  const end = Number(match[2]) + 1;
  const total = match[3] === '*' ? undefined : Number(match[3]);
  return end <= start || (total !== undefined && end > total) ? undefined : { start, end, total };
}
