import type { FileKind } from './fileKind.ts';
import type { ImageName, Span } from './imageName.ts';

/** A name that is being typed. */
export interface TypedName {
  /** From the name's start to the cursor. */
  readonly typed: string;
  /** What a completed name replaces: the whole name as far as it stands there. */
  readonly span: Span;
  /** The repository, where only a tag is typed here. */
  readonly repository?: string;
}

/** Keys whose values are names, for lines that aren't valid YAML yet, such as `image: nginx:`. */
const KEYS: Readonly<Partial<Record<FileKind, RegExp>>> = {
  actions: /^(?:image|container)$/,
  compose: /^image$/,
  gitlab: /^(?:image|name)$/,
  helm: /^(?:\w*image|repository)$/i,
  kubernetes: /^(?:image|reference)$/,
  kustomize: /^(?:name|newName)$/,
};

/** Longest line that is looked at, in UTF-16 units. */
const LONGEST_LINE = 4096;

/**
 * Returns the name that is being typed at an offset, or `undefined` elsewhere.
 * @param names those of the file
 */
export function typedName(
  kind: FileKind,
  text: string,
  names: readonly ImageName[],
  offset: number,
): TypedName | undefined {
  for (const name of names) {
    const span = name.spans.find(({ start, end }) => offset >= start && offset <= end);
    if (!span) continue;
    if (name.edit?.form === 'parts') {
      const { tag } = name.edit;
      const { reference } = name;
      if (tag && reference && tag.start === span.start)
        return {
          typed: text.slice(span.start, offset),
          span,
          repository: `${reference.registry}/${reference.repository}`,
        };
      if (span !== name.spans[0]) return undefined;
    }
    if (text.slice(span.start, span.end).includes('$')) return undefined;
    return { typed: text.slice(span.start, offset), span };
  }
  const key = KEYS[kind];
  return key && typedInLine(key, text, offset);
}

function typedInLine(key: RegExp, text: string, offset: number): TypedName | undefined {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  if (offset - lineStart > LONGEST_LINE) return undefined;
  const match = /^\s*(?:-\s+)*["']?([\w-]+)["']?:\s+["']?([^\s"'#${}]*)$/.exec(text.slice(lineStart, offset));
  if (!match || !key.test(match[1] ?? '')) return undefined;
  const typed = match[2] ?? '';
  const rest = /^[^\s"'#,}\]]*/.exec(text.slice(offset, offset + LONGEST_LINE))?.[0].length ?? 0;
  return { typed, span: { start: offset - typed.length, end: offset + rest } };
}
