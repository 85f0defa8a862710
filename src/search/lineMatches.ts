import type { Pattern } from './query.ts';

/** A place in a file's text that matches a query. Plain data. */
export interface Match {
  /** From 1. */
  readonly line: number;
  /** Where the match starts, from 1, in UTF-16 code units as editors count. */
  readonly column: number;
  /** UTF-16 code units; 0 for an expression that matches the empty string. */
  readonly length: number;
  /** The line, or the part of a long line around the match. */
  readonly text: string;
  /** Where in `text` the match starts. It may end after it. */
  readonly start: number;
}

/** Where in a file the searched text lies. */
export interface TextPlace {
  /** Line number of the text's first character. */
  readonly line: number;
  /** UTF-16 code units of that line before the text. */
  readonly before: number;
  /** Where in the text to start; what comes before is only context. */
  readonly from: number;
  /** Matches from here on are left to the next text, which continues the line; absent = none. */
  readonly limit?: number;
}

/** Characters kept of a long line, before a match and in all. */
const LEAD = 80;
const SHOWN = 300;

/**
 * Reports every match in a text of whole lines, in order. A match never spans lines, and an empty
 * one counts only if its line has no other.
 * @param found returns false when no more matches are wanted
 * @returns the number of line feeds in the text, or `undefined` if `found` ended the search
 */
export function matchesIn(
  pattern: Pattern,
  text: string,
  { line: first, before, from, limit }: TextPlace,
  found: (match: Match) => boolean,
): number | undefined {
  let line = first;
  let start = 0;
  for (let at = from; at < text.length;) {
    const hit = pattern.byLine ? at : nextHit(pattern.expression, text, at);
    if (hit === undefined) break;
    for (let end = text.indexOf('\n', start); end !== -1 && end < hit; end = text.indexOf('\n', start)) {
      line += 1;
      start = end + 1;
    }
    // No line follows the last line feed.
    if (start === text.length) break;
    const feed = text.indexOf('\n', Math.max(hit, start));
    const end = feed === -1 ? text.length : feed;
    const place = {
      line,
      before: start === 0 ? before : 0,
      from: Math.max(at, start) - start,
      ...(limit === undefined ? {} : { limit }),
    };
    if (!matchesInLine(pattern.expression, lineOf(text, start, end), place, found)) return undefined;
    if (feed === -1) return line - first;
    at = end + 1;
    start = at;
    line += 1;
  }
  return line - first + lineFeedsFrom(text, start);
}

function nextHit(expression: RegExp, text: string, at: number): number | undefined {
  expression.lastIndex = at;
  return expression.exec(text)?.index;
}

/** Returns a line without its trailing carriage return. */
function lineOf(text: string, start: number, end: number): string {
  return text.slice(start, end > start && text.charCodeAt(end - 1) === CARRIAGE_RETURN ? end - 1 : end);
}

const CARRIAGE_RETURN = 0x0d;

function lineFeedsFrom(text: string, start: number): number {
  let count = 0;
  for (let at = text.indexOf('\n', start); at !== -1; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}

function matchesInLine(
  expression: RegExp,
  line: string,
  { line: number, before, from, limit = Infinity }: TextPlace,
  found: (match: Match) => boolean,
): boolean {
  let empty: number | undefined;
  let any = false;
  expression.lastIndex = from;
  for (let match = expression.exec(line); match && match.index < limit; match = expression.exec(line)) {
    const { index } = match;
    const { length } = match[0];
    if (length === 0) {
      empty ??= index;
      expression.lastIndex = index + ((line.codePointAt(index) ?? 0) > 0xffff ? 2 : 1);
      continue;
    }
    any = true;
    if (!found({ line: number, column: before + index + 1, length, ...excerpt(line, index, length) })) return false;
  }
  if (any || empty === undefined || limit !== Infinity || from > 0) return true;
  return found({ line: number, column: before + empty + 1, length: 0, ...excerpt(line, empty, 0) });
}

/** Cuts a long line around a match, never within a character. */
function excerpt(line: string, index: number, length: number): Pick<Match, 'text' | 'start'> {
  if (line.length <= SHOWN) return { text: line, start: index };
  const lead = Math.max(LEAD, SHOWN - LEAD - length);
  const from = characterStart(line, Math.max(0, Math.min(index - LEAD, line.length - SHOWN), index - lead));
  // Copied, since a slice of a long string keeps all of it in memory.
  const text = Buffer.from(line.slice(from, characterStart(line, from + SHOWN)), 'utf8').toString('utf8');
  return { text, start: index - from };
}

function characterStart(line: string, at: number): number {
  const unit = line.charCodeAt(at);
  return unit >= 0xdc00 && unit <= 0xdfff ? at - 1 : at;
}
