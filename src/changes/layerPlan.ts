import type { EntryType } from '../layers/tar/tarEntry.ts';
import { childPath } from '../layers/unpack/tree.ts';
import type { LowerEntry, LowerView } from './lowerView.ts';
import { isDirectoryOrUnknown, parentPath, type UpperItem } from './upperScan.ts';

/** A difference between a mounted image and the image as it was pulled. */
export interface Change {
  /** Relative to the image's root. */
  readonly path: string;
  readonly change: 'added' | 'changed' | 'deleted';
  readonly type: Exclude<EntryType, 'hardlink'>;
  /** Bytes of a file, as it is now or was before its deletion; else 0. */
  readonly size: number;
}

/** What the changes are, and what a layer with them contains. */
export interface LayerPlan {
  /** By path. */
  readonly changes: readonly Change[];
  /** Paths of the entries to write, parents included. */
  readonly written: ReadonlySet<string>;
  /** Names that the image has and the layer deletes, by directory. */
  readonly deleted: ReadonlyMap<string, readonly string[]>;
}

/** Decides what of `overlay/upper` is a change: for the list and for the layer alike. */
export function planLayer(items: ReadonlyMap<string, UpperItem>, view: LowerView): LayerPlan {
  const changes: Change[] = [];
  const written = new Set<string>();
  const deleted = new Map<string, string[]>();
  for (const item of items.values()) {
    const { path, lower, hidden } = item;
    const change = changeOf(item, items);
    if (change) changes.push(change);
    if (item.whiteout) {
      if (!lower || hidden) continue;
      const directory = parentPath(path);
      const names = deleted.get(directory) ?? [];
      deleted.set(directory, names);
      names.push(path.slice(path.lastIndexOf('/') + 1));
      addParents(written, path);
    } else if (change || hidden || item.linked || item.first !== undefined) {
      written.add(path);
      addParents(written, path);
    }
    if (replaces(item)) changes.push(...missingNames(item, items, view));
  }
  return { changes: changes.sort((a, b) => (a.path < b.path ? -1 : 1)), written, deleted };
}

function addParents(written: Set<string>, path: string): void {
  for (let parent = path; parent !== '' && !written.has((parent = parentPath(parent)));) written.add(parent);
}

function changeOf(item: UpperItem, items: ReadonlyMap<string, UpperItem>): Change | undefined {
  const { path, lower, type, entry } = item;
  if (item.whiteout) return lower && { path, change: 'deleted', type: plainType(lower), size: lower.size };
  if (item.same && !(item.marks.opaque && lower)) return undefined;
  const shown = type === 'hardlink' ? 'file' : type;
  const size = (item.first === undefined ? entry : items.get(item.first)?.entry)?.size ?? 0;
  return { path, change: lower ? 'changed' : 'added', type: shown, size };
}

/** Whether the directory stands in the place of another one of the image. */
function replaces({ type, lower, marks, hidden }: UpperItem): boolean {
  return type === 'directory' && lower?.type === 'directory' && (hidden || marks.opaque !== undefined);
}

/** Returns what a directory had before it was replaced, and has no more. */
function missingNames({ path }: UpperItem, items: ReadonlyMap<string, UpperItem>, view: LowerView): Change[] {
  return view.names(path).flatMap((name): Change[] => {
    const child = childPath(path, name);
    const lower = items.has(child) ? undefined : view.find(child);
    return lower ? [{ path: child, change: 'deleted', type: plainType(lower), size: lower.size }] : [];
  });
}

function plainType({ type }: LowerEntry): Change['type'] {
  return type === 'unknown' ? 'file' : type;
}

/** Whether the layer must say that the directory hides what the image has in it. */
export function isOpaque({ marks, hidden, lower }: UpperItem): boolean {
  return marks.opaque !== undefined && !hidden && isDirectoryOrUnknown(lower);
}
