/** Characters; what grows beyond is not a name. */
const LONGEST = 4096;
const DEEPEST = 10;

/** Returns a variable's value as far as the file says it. */
export type Values = (name: string) => string | undefined;

/**
 * Replaces variables as Dockerfiles and Compose do: `$v`, `${v}`, and `-`, `:-`, `+`, `:+`, `?`,
 * `:?` with nested words. Returns `undefined` if a value is missing or the form is unknown. Nothing
 * is taken from the environment.
 * @param escape the characters that make the next `$` a plain one
 */
export function expand(text: string, values: Values, escape: '$' | '\\' | '`'): string | undefined {
  if (!text.includes('$') && !text.includes(escape)) return text;
  return expandWithin(text, values, escape, 0);
}

function expandWithin(text: string, values: Values, escape: string, depth: number): string | undefined {
  if (depth > DEEPEST || text.length > LONGEST) return undefined;
  let result = '';
  for (let at = 0; at < text.length && result.length <= LONGEST;) {
    const character = text[at] ?? '';
    if (character === escape && text[at + 1] === '$') {
      result += '$';
      at += 2;
      continue;
    }
    if (character !== '$') {
      result += character;
      at++;
      continue;
    }
    const name = /^\$(\w+)/.exec(text.slice(at, at + LONGEST))?.[1];
    const end = name === undefined ? closingBrace(text, at) : at + 1 + name.length;
    if (end < 0) return undefined;
    const value = name === undefined ? braced(text.slice(at + 2, end - 1), values, escape, depth) : values(name);
    if (value === undefined) return undefined;
    result += value;
    at = end;
  }
  return result.length > LONGEST ? undefined : result;
}

/** Returns the offset after the brace that closes `${`; -1 if there is none. */
function closingBrace(text: string, from: number): number {
  if (text[from + 1] !== '{') return -1;
  let open = 0;
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '{') open++;
    else if (text[at] === '}' && --open === 0) return at + 1;
  }
  return -1;
}

function braced(inside: string, values: Values, escape: string, depth: number): string | undefined {
  const [, name = '', operator = '', word = ''] = /^(\w+)(?:(:?[-+?])([^]*))?$/.exec(inside) ?? [];
  if (name === '') return undefined;
  const value = values(name);
  const isSet = value !== undefined && !(operator.startsWith(':') && value === '');
  const other = (): string | undefined => expandWithin(word, values, escape, depth + 1);
  if (operator.endsWith('-')) return isSet ? value : other();
  if (operator.endsWith('+')) return isSet ? other() : '';
  return operator.endsWith('?') && !isSet ? undefined : value;
}
