import { nameLength } from './byteName.ts';

/** Longest name and path that Linux can hold, in bytes. */
const MAX_NAME = 255;
const MAX_PATH = 4096;

/**
 * The names that a path in an archive consists of, seen from the layer's root: without leading slashes, empty parts and dots. `undefined` when it would leave the root.
 * Going up is done by name alone, as engines do it, before any symlink is looked at.
 */
export function splitPath(path: string): string[] | undefined {
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '' || name === '.') continue;
    if (name !== '..') names.push(name);
    else if (names.pop() === undefined) return undefined;
  }
  return names;
}

/** Why a path cannot be made on disk, or `undefined` when it can. */
export function unusablePath(path: string, names: readonly string[]): string | undefined {
  if (isLonger(path, MAX_PATH)) return 'its path is too long';
  if (isLonger(path, MAX_NAME) && names.some(name => isLonger(name, MAX_NAME))) return 'its name is too long';
  return path.includes('\0') ? 'its name has a NUL' : undefined;
}

/** No character has more than three bytes to a unit of its string, so that most need not be measured. */
function isLonger(name: string, bytes: number): boolean {
  return name.length * 3 > bytes && nameLength(name) > bytes;
}

/** What an entry's name means in a layer (image-spec, layer.md#whiteouts; AUFS's own files). */
export type Meaning =
  | { readonly kind: 'entry' }
  | { readonly kind: 'whiteout'; readonly hidden: string }
  | { readonly kind: 'opaque' }
  | { readonly kind: 'ignored' }
  | { readonly kind: 'invalid' };

const WHITEOUT = '.wh.';
const META = '.wh..wh.';
const OPAQUE = '.wh..wh..opq';
/** Where AUFS kept files that have several names; the names link to it. */
export const HARDLINK_STORE = '.wh..wh.plnk';

/** How often hard links to hard links are looked at that stand in the archive before what they link to: honest ones need one round, and a hostile archive gets no more time than this. */
export const LINK_ROUNDS = 16;

const ENTRY: Meaning = { kind: 'entry' };

/** Tells a whiteout from an entry. Only the last name makes a whiteout, whatever the entry's type; names before it are plain. */
export function meaningOf(names: readonly string[]): Meaning {
  const last = names.at(-1);
  if (last === undefined || !names.some(name => name.startsWith(WHITEOUT))) return ENTRY;
  if (names[0] === HARDLINK_STORE) return ENTRY;
  const meta = names.findIndex(name => name.startsWith(META));
  if (meta >= 0) return meta === names.length - 1 && last === OPAQUE ? { kind: 'opaque' } : { kind: 'ignored' };
  if (!last.startsWith(WHITEOUT)) return ENTRY;
  const hidden = last.slice(WHITEOUT.length);
  return hidden === '' || hidden === '.' || hidden === '..' ? { kind: 'invalid' } : { kind: 'whiteout', hidden };
}
