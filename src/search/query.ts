/** What to look for in the text of files, as the user enters it. Plain data. */
export interface SearchQuery {
  readonly text: string;
  /** `text` is a JavaScript regular expression, not a literal. */
  readonly isRegex: boolean;
  readonly matchCase: boolean;
  readonly wholeWord: boolean;
}

/** A query is empty, or not a regular expression. */
export class InvalidQueryError extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(`Can't search for this: ${reason}.`, options);
    this.name = 'InvalidQueryError';
  }
}

/** A compiled query. */
export interface Pattern {
  /** Has the flags `g` and `m`, since it is matched against one line or many at once. */
  readonly expression: RegExp;
  /** Bytes that every match contains, which are cheap to look for. */
  readonly needle?: Buffer;
  /** The expression might match a line feed, so it must be matched line by line. */
  readonly byLine: boolean;
}

/**
 * Syntax that can match a line feed, or look around. Everything else may be matched against many
 * lines at once, which is faster.
 */
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

/** Compiles with the flag `u`; without it if the expression has escapes that `u` forbids. */
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
  return `the regular expression is invalid (${reason.toLowerCase()})`;
}
