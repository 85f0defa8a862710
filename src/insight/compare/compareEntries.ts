import type { Sliced } from '../../browse/formats/slices.ts';
import type { FileEntry } from '../layerContent.ts';

/** An entry that both sides have, with differences. */
export interface ChangedEntry extends FileEntry {
  /** The entry on the left side. */
  readonly before: FileEntry;
  /**
   * What differs: `type`, `content`, `mode`, `owner`, `target` of a symlink, `device` number,
   * extended `attributes`.
   */
  readonly differs: readonly string[];
}

/** Entries only the right side has, only the left has, and that differ, each sorted by path. */
export interface Difference {
  readonly added: readonly FileEntry[];
  readonly removed: readonly FileEntry[];
  readonly changed: readonly ChangedEntry[];
}

/**
 * Compares two file systems, or two layers, by path. Files of equal size differ if their `content`
 * does. Times are ignored, since every build has its own.
 */
export function* compareEntries(left: Iterable<FileEntry>, right: Iterable<FileEntry>): Sliced<Difference> {
  const before = yield* byPath(left);
  const after = yield* byPath(right);
  const added: FileEntry[] = [];
  const changed: ChangedEntry[] = [];
  for (const entry of after.values()) {
    yield;
    const old = before.get(entry.path);
    const differs = old && differences(old, entry);
    if (!old) added.push(entry);
    else if (differs && differs.length > 0) changed.push({ ...entry, before: old, differs });
  }
  const removed: FileEntry[] = [];
  for (const entry of before.values()) {
    yield;
    if (!after.has(entry.path)) removed.push(entry);
  }
  added.sort(inOrder);
  yield;
  removed.sort(inOrder);
  yield;
  return { added, removed, changed: changed.sort(inOrder) };
}

function* byPath(entries: Iterable<FileEntry>): Sliced<Map<string, FileEntry>> {
  const found = new Map<string, FileEntry>();
  for (const entry of entries) {
    yield;
    if (entry.path !== '') found.set(entry.path, entry);
  }
  return found;
}

function differences(left: FileEntry, right: FileEntry): string[] {
  // The archive alone decides which of a file's names comes first, and is the file.
  const type = left.type === right.type || (isFile(left) && isFile(right));
  const both = left.type === 'file' && right.type === 'file';
  return [
    ...(type ? [] : ['type']),
    ...(both && (left.size !== right.size || left.content !== right.content) ? ['content'] : []),
    ...(left.mode === right.mode || left.type === 'symlink' ? [] : ['mode']),
    ...(left.uid === right.uid && left.gid === right.gid ? [] : ['owner']),
    ...(left.type !== 'symlink' || right.type !== 'symlink' || left.linkname === right.linkname ? [] : ['target']),
    ...(left.type !== right.type || left.device === right.device ? [] : ['device']),
    ...(attributesOf(left) === attributesOf(right) ? [] : ['attributes']),
  ];
}

function attributesOf({ xattrs = {} }: FileEntry): string {
  return JSON.stringify(Object.entries(xattrs).sort(([one], [other]) => (one < other ? -1 : 1)));
}

function isFile({ type }: FileEntry): boolean {
  return type === 'file' || type === 'hardlink';
}

function inOrder(a: FileEntry, b: FileEntry): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}
