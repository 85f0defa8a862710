import { nameLength } from './byteName.ts';

/** The longest name and path on Linux, in bytes. */
const MAX_NAME = 255;
const MAX_PATH = 4096;

/**
 * Splits a path in an archive into its names below the layer's root, without leading slashes, empty
 * parts and dots. Returns `undefined` if it would leave the root. Like container engines, resolves
 * ".." by name alone, before any symlink is followed.
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

/** Returns why a path cannot be created on disk, or `undefined` if it can. */
export function unusablePath(path: string, names: readonly string[]): string | undefined {
  if (isLonger(path, MAX_PATH)) return 'its path is too long';
  if (isLonger(path, MAX_NAME) && names.some(name => isLonger(name, MAX_NAME))) return 'its name is too long';
  return path.includes('\0') ? 'its name has a NUL' : undefined;
}

/** A UTF-16 unit takes at most three bytes, so most names need not be measured. */
function isLonger(name: string, bytes: number): boolean {
  return name.length * 3 > bytes && nameLength(name) > bytes;
}

/** The meaning of an entry's name in a layer (image-spec, layer.md#whiteouts; AUFS's own files). */
export type Meaning =
  | { readonly kind: 'entry' }
  | { readonly kind: 'whiteout'; readonly hidden: string }
  | { readonly kind: 'opaque' }
  | { readonly kind: 'ignored' }
  | { readonly kind: 'invalid' };

const WHITEOUT = '.wh.';
const META = '.wh..wh.';
const OPAQUE = '.wh..wh..opq';
/** AUFS's folder of files with several names, which are hard links into it. */
export const HARDLINK_STORE = '.wh..wh.plnk';

const ENTRY: Meaning = { kind: 'entry' };

/** Only the last name can make a whiteout, whatever the entry's type. */
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
