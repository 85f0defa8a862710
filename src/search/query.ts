/** What is looked for in the text of files, as a person types it. Plain data. */
export interface SearchQuery {
  readonly text: string;
  /** `text` is a regular expression of JavaScript; else it is taken as it is. */
  readonly isRegex: boolean;
  /** Upper and lower case are different. */
  readonly matchCase: boolean;
  /** Nothing of a word may stand right before or behind a match. */
  readonly wholeWord: boolean;
}

/** The query is empty, or no regular expression. */
export class InvalidQueryError extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(`This cannot be searched for: ${reason}.`, options);
    this.name = 'InvalidQueryError';
  }
}

/** A query, ready to be looked for. */
export interface Pattern {
  /** Global and for many lines: it is used on one line as well as on a text of many. */
  readonly expression: RegExp;
  /** Bytes without which a text has no match; a look for them is cheap. */
  readonly needle?: Buffer;
  /** It may take a line's end for something that it looks for, so that it must see each line by itself. */
  readonly byLine: boolean;
}

/** What can fit a line feed, or looks around: all that is certain not to is faster in a text of many lines. */
const MAY_SEE_LINE_END = /\\(?![-bBdwS./()[\]{}|*+?^$\\])|\[\^|\(\?(?!:)/;

/** @throws {InvalidQueryError} */
export function compileQuery({ text, isRegex, matchCase, wholeWord }: SearchQuery): Pattern {
  if (text === '') throw new InvalidQueryError('it is empty');
  if (!isRegex && /[\r\n]/.test(text)) throw new InvalidQueryError('it has more than one line');
  const source = isRegex ? text : text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
  const expression = compiled(source, matchCase ? 'gm' : 'gim', wholeWord);
  const needle = matchCase && !isRegex ? { needle: Buffer.from(text, 'utf8') } : {};
  return { expression, byLine: isRegex && MAY_SEE_LINE_END.test(text), ...needle };
}

/** With the rules of Unicode; escapes that these do not allow, though people write them, are taken as they were before. */
function compiled(source: string, flags: string, wholeWord: boolean): RegExp {
  try {
    return new RegExp(
      wholeWord ? String.raw`(?<![\p{L}\p{N}\p{M}_])(?:${source})(?![\p{L}\p{N}\p{M}_])` : source,
      `${flags}u`,
    );
  } catch {
    try {
      return new RegExp(wholeWord ? String.raw`(?<!\w)(?:${source})(?!\w)` : source, flags);
    } catch (cause) {
      throw new InvalidQueryError(reasonOf(cause), { cause });
    }
  }
}

/** V8 says `Invalid regular expression: /…/flags: Unterminated group`. */
function reasonOf(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  const reason = message.slice(message.lastIndexOf(': ') + 2);
  return `the regular expression is wrong (${reason.toLowerCase()})`;
}
