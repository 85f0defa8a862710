/** An instruction with its continued lines joined, as BuildKit's parser reads it. */
export interface Instruction {
  /** Upper case, without ONBUILD before it. */
  readonly keyword: string;
  /** What follows the keyword, up to the end of the last line. */
  readonly text: string;
  /** Returns the file's offset of an offset in `text`; at a join, that of the next line. */
  readonly offsetOf: (at: number) => number;
}

/** A parser directive, such as `# syntax=docker/dockerfile:1`. */
export interface Directive {
  readonly key: string;
  readonly value: string;
  readonly start: number;
}

export interface DockerfileLines {
  readonly directives: readonly Directive[];
  readonly escape: '\\' | '`';
  readonly instructions: readonly Instruction[];
}

/** Characters; a longer line is skipped, since no person wrote it. */
const LONGEST_LINE = 16_384;
const HEREDOC_WORDS = new Set(['RUN', 'COPY', 'ADD']);

interface Line {
  readonly text: string;
  readonly start: number;
}

/** Splits a Dockerfile into directives and instructions. Never throws, whatever the text. */
export function dockerfileLines(text: string): DockerfileLines {
  const lines = linesOf(text);
  const directives = directivesOf(lines);
  const escape = directives.find(({ key }) => key === 'escape')?.value === '`' ? '`' : '\\';
  const instructions: Instruction[] = [];
  for (let at = 0; at < lines.length;) {
    const first = lines[at];
    if (!first || isIgnored(first.text)) {
      at++;
      continue;
    }
    const joined = joinLines(lines, at, escape);
    at = joined.next;
    const instruction = instructionOf(joined.pieces);
    if (!instruction) continue;
    instructions.push(instruction);
    if (HEREDOC_WORDS.has(instruction.keyword) && instruction.text.includes('<<'))
      at = skipHeredocs(lines, at, instruction.text);
  }
  return { directives, escape, instructions };
}

function linesOf(text: string): Line[] {
  const lines: Line[] = [];
  let start = text.startsWith('\uFEFF') ? 1 : 0;
  while (start <= text.length) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    const trimmed = text[end - 1] === '\r' && end > start ? end - 1 : end;
    lines.push({ text: trimmed - start > LONGEST_LINE ? '' : text.slice(start, trimmed), start });
    start = end + 1;
  }
  return lines;
}

/** They stand before everything else; `//` is another spelling of `#`. */
function directivesOf(lines: readonly Line[]): Directive[] {
  const directives: Directive[] = [];
  for (const { text, start } of lines.slice(lines[0]?.text.startsWith('#!') ? 1 : 0)) {
    const match = /^((?:#|\/\/)\s*([A-Za-z]\w*)\s*=\s*)(\S.*)?$/.exec(text);
    const key = match?.[2]?.toLowerCase() ?? '';
    if (!match || !['syntax', 'escape', 'check'].includes(key)) break;
    directives.push({ key, value: (match[3] ?? '').trimEnd(), start: start + (match[1]?.length ?? 0) });
  }
  return directives;
}

function isIgnored(text: string): boolean {
  return /^\s*(?:#|$)/.test(text);
}

/** Joins a line with those that continue it. Comments and empty lines between them are dropped. */
function joinLines(
  lines: readonly Line[],
  from: number,
  escape: string,
): { readonly pieces: readonly Line[]; readonly next: number } {
  const pieces: Line[] = [];
  for (let at = from; at < lines.length; at++) {
    const line = lines[at];
    if (!line || (pieces.length > 0 && isIgnored(line.text))) continue;
    const kept = withoutEscape(line.text, escape);
    pieces.push({ text: kept ?? line.text, start: line.start });
    if (kept === undefined) return { pieces, next: at + 1 };
  }
  return { pieces, next: lines.length };
}

/** Returns the line without its continuation sign, or `undefined` if it has none. */
function withoutEscape(text: string, escape: string): string | undefined {
  const trimmed = text.trimEnd();
  if (!trimmed.endsWith(escape) || trimmed.endsWith(escape + escape)) return undefined;
  return trimmed.slice(0, -1);
}

function instructionOf(pieces: readonly Line[]): Instruction | undefined {
  const whole = pieces.map(({ text }) => text).join('');
  const match = /^\s*(?:ONBUILD\s+)?([A-Za-z]+)(?=\s|$)/i.exec(whole);
  if (!match) return undefined;
  const from = match[0].length;
  const starts: number[] = [];
  let length = 0;
  for (const { text } of pieces) {
    starts.push(length);
    length += text.length;
  }
  return {
    keyword: (match[1] ?? '').toUpperCase(),
    text: whole.slice(from),
    offsetOf: at => {
      const piece = lastNotAfter(starts, at + from);
      return (pieces[piece]?.start ?? 0) + at + from - (starts[piece] ?? 0);
    },
  };
}

/** Returns the index of the last number that is at most `limit`, in ascending numbers. */
function lastNotAfter(numbers: readonly number[], limit: number): number {
  let [low, high] = [0, numbers.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((numbers[middle] ?? 0) <= limit) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Returns the line after the heredocs that an instruction opens. An open one takes the rest. */
function skipHeredocs(lines: readonly Line[], from: number, text: string): number {
  let at = from;
  for (const { tabs, end } of heredocsIn(text)) {
    while (at < lines.length) {
      const line = lines[at++]?.text ?? '';
      if ((tabs ? line.replace(/^\t+/, '') : line) === end) break;
    }
  }
  return at;
}

function heredocsIn(text: string): { readonly tabs: boolean; readonly end: string }[] {
  return wordsOf(text).flatMap(({ text: word }) => {
    const match = /^\d*<<(-?)(["']?)([^<"'\s]+)\2$/.exec(word);
    return match ? [{ tabs: match[1] === '-', end: match[3] ?? '' }] : [];
  });
}

/** A word of an instruction, with its quotes. */
export interface Word {
  readonly text: string;
  readonly start: number;
}

/** Splits at spaces that are outside quotes. */
export function wordsOf(text: string): Word[] {
  const words: Word[] = [];
  const pattern = /(?:"(?:\\.|[^"\\])*"?|'[^']*'?|\\.|[^\s"'\\]|\\$)+/gs;
  for (const match of text.matchAll(pattern)) words.push({ text: match[0], start: match.index });
  return words;
}
