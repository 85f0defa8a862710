import { isAlias, isMap, isScalar, isSeq, parseAllDocuments, visit, type Document, type Node } from 'yaml';

/** A YAML value with the place of its text. */
export type YamlValue =
  | { readonly kind: 'map'; readonly entries: readonly (readonly [string, YamlValue])[] }
  | { readonly kind: 'list'; readonly items: readonly YamlValue[] }
  | YamlText;

export interface YamlText {
  readonly kind: 'text';
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** The file has `text` at that place, without escapes, folding or an alias. */
  readonly exact: boolean;
}

/** Levels; what is nested deeper names no image. */
const DEEPEST = 40;

/** Brackets open at once, and characters of a line: beyond these, the parser's time gets long. */
const MOST_OPEN = 200;
const LONGEST_LINE = 4096;

/** Returns whether a parser may be given the text. */
export function isReadable(text: string): boolean {
  let open = 0;
  let lineStart = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '\n') lineStart = at + 1;
    else if (character === '[' || character === '{') open++;
    else if ((character === ']' || character === '}') && open > 0) open--;
    if (open > MOST_OPEN || at - lineStart > LONGEST_LINE) return false;
  }
  return true;
}

/**
 * Parses YAML as far as it can be read, however broken. Every scalar is text. An alias is followed
 * once, and never in what it stands for, so that no text grows while it is read.
 */
export function parseYaml(text: string): YamlValue[] {
  let documents: readonly Document.Parsed[];
  try {
    const parsed = parseAllDocuments(text, {
      logLevel: 'silent',
      schema: 'failsafe',
      strict: false,
      uniqueKeys: false,
    });
    documents = Array.isArray(parsed) ? parsed : [];
  } catch (error) {
    // Deep nesting overflows the parser's stack.
    if (error instanceof RangeError) return [];
    throw error;
  }
  return documents.flatMap(document => {
    const value = new Reader(text, document).read(document.contents, 0);
    return value ? [value] : [];
  });
}

/** Returns a map's value. */
export function at(value: YamlValue | undefined, ...keys: readonly string[]): YamlValue | undefined {
  let found = value;
  for (const key of keys) {
    if (found?.kind !== 'map') return undefined;
    found = found.entries.find(([name]) => name === key)?.[1];
  }
  return found;
}

/** Returns a map's values, or a list's. */
export function valuesOf(value: YamlValue | undefined): readonly YamlValue[] {
  if (value?.kind === 'map') return value.entries.map(([, each]) => each);
  return value?.kind === 'list' ? value.items : [];
}

class Reader {
  readonly #text: string;
  readonly #document: Document.Parsed;
  #anchors: Map<string, Node> | undefined;

  constructor(text: string, document: Document.Parsed) {
    this.#text = text;
    this.#document = document;
  }

  read(node: unknown, depth: number): YamlValue | undefined {
    if (depth > DEEPEST) return undefined;
    if (isMap(node)) {
      const entries = node.items.flatMap(pair => {
        const key = isScalar(pair.key) ? textIn(pair.key.value) : undefined;
        const value = key === undefined ? undefined : this.read(pair.value, depth + 1);
        return key === undefined || !value ? [] : [[key, value] as const];
      });
      return { kind: 'map', entries };
    }
    if (isSeq(node)) return { kind: 'list', items: node.items.flatMap(item => this.read(item, depth + 1) ?? []) };
    if (isAlias(node)) return this.#alias(node.source, node.range);
    return isScalar(node) ? this.#scalar(textIn(node.value), node.range) : undefined;
  }

  #scalar(text: string, range: readonly number[] | null | undefined): YamlValue | undefined {
    if (!range) return undefined;
    const [from = 0, to = 0] = range;
    const quote = /["']/.exec(this.#text[from] ?? '')?.[0];
    const start = quote ? from + 1 : from;
    // A string that is being typed has no end yet.
    const isOpen = quote !== undefined && (to - 1 <= from || this.#text[to - 1] !== quote);
    const end = quote && !isOpen ? to - 1 : to;
    const written = this.#text.slice(start, end);
    return { kind: 'text', text: isOpen ? written : text, start, end, exact: isOpen || written === text };
  }

  /** Only text: an alias of a map would let a small file have a huge meaning. */
  #alias(name: string, range: readonly number[] | null | undefined): YamlValue | undefined {
    this.#anchors ??= anchorsOf(this.#document);
    const target = this.#anchors.get(name);
    if (!range || !isScalar(target)) return undefined;
    const [start = 0, end = 0] = range;
    return { kind: 'text', text: textIn(target.value), start, end, exact: false };
  }
}

/** The schema that is used makes every scalar a string; an empty value is `null`. */
function textIn(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function anchorsOf(document: Document.Parsed): Map<string, Node> {
  const anchors = new Map<string, Node>();
  visit(document, {
    Node: (_, node) => {
      if ('anchor' in node && node.anchor) anchors.set(node.anchor, node);
    },
  });
  return anchors;
}
