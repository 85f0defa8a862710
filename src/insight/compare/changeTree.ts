import type { Sliced } from '../../browse/formats/slices.ts';
import type { FileEntry } from '../layerContent.ts';
import type { Difference } from './compareEntries.ts';

export type ChangeMark = 'added' | 'removed' | 'changed';

/** A path that differs, or a folder that contains some. */
export interface ChangeNode {
  /** One name, or several where a folder contains nothing but another folder. */
  readonly name: string;
  readonly path: string;
  readonly mark?: ChangeMark;
  readonly entry?: FileEntry;
  /** See {@link ChangedEntry.differs}. */
  readonly differs: readonly string[];
  /** Bytes that the right side has more, in all of a folder. */
  readonly growth: number;
  /** Paths that differ, here and below. */
  readonly count: number;
  readonly children: readonly ChangeNode[];
}

interface Draft {
  mark?: ChangeMark;
  entry?: FileEntry;
  differs?: readonly string[];
  growth: number;
  readonly children: Map<string, Draft>;
}

/** Images nest folders without limit, pages don't. The rest of a deeper path is one name. */
const MAX_DEPTH = 40;

/** Arranges differences by folder. */
export function* changeTree({ added, removed, changed }: Difference): Sliced<ChangeNode> {
  const root: Draft = { growth: 0, children: new Map() };
  const put = (mark: ChangeMark, entry: FileEntry, growth: number, differs: readonly string[] = []): void => {
    const names = entry.path.split('/');
    const shown =
      names.length > MAX_DEPTH ? [...names.slice(0, MAX_DEPTH - 1), names.slice(MAX_DEPTH - 1).join('/')] : names;
    let draft = root;
    for (const name of shown) {
      let child = draft.children.get(name);
      if (!child) draft.children.set(name, (child = { growth: 0, children: new Map() }));
      draft = child;
    }
    Object.assign(draft, { mark, entry, growth, differs });
  };
  for (const entry of added) yield put('added', entry, entry.size);
  for (const entry of removed) yield put('removed', entry, -entry.size);
  for (const entry of changed) yield put('changed', entry, entry.size - entry.before.size, entry.differs);
  return yield* finished(root);
}

/** A draft whose node is being made, and where that goes. */
interface Unfinished {
  readonly name: string;
  readonly path: string;
  readonly draft: Draft;
  readonly siblings: ChangeNode[];
  readonly children: ChangeNode[];
}

function* finished(root: Draft): Sliced<ChangeNode> {
  const done: ChangeNode[] = [];
  const open: Unfinished[] = [{ name: '', path: '', draft: root, siblings: done, children: [] }];
  for (const { path, draft, children } of open) {
    yield;
    for (const [name, child] of draft.children) open.push(joined(name, path, child, children));
  }
  for (const { name, path, draft, siblings, children } of open.reverse()) {
    yield;
    siblings.push(nodeOf(name, path, draft, children));
  }
  return done[0] ?? nodeOf('', '', root, []);
}

/** Joins a folder with the only one in it, and so on. */
function joined(name: string, parent: string, draft: Draft, siblings: ChangeNode[]): Unfinished {
  const names = [name];
  for (let [only] = draft.children; only && isJoined(draft, only[1]); [only] = draft.children) {
    names.push(only[0]);
    draft = only[1];
  }
  const joint = names.join('/');
  return { name: joint, path: parent === '' ? joint : `${parent}/${joint}`, draft, siblings, children: [] };
}

function isJoined({ mark, children }: Draft, only: Draft): boolean {
  return !mark && children.size === 1 && only.children.size > 0;
}

function nodeOf(name: string, path: string, draft: Draft, children: ChangeNode[]): ChangeNode {
  children.sort((a, b) => Number(b.children.length > 0) - Number(a.children.length > 0) || (a.name < b.name ? -1 : 1));
  return {
    name,
    path,
    ...(draft.mark ? { mark: draft.mark } : {}),
    ...(draft.entry ? { entry: draft.entry } : {}),
    differs: draft.differs ?? [],
    growth: children.reduce((sum, { growth }) => sum + growth, draft.growth),
    count: children.reduce((sum, { count }) => sum + count, draft.mark ? 1 : 0),
    children,
  };
}
