import { splitPath } from '../../layers/tar/entryPath.ts';
import type { LayerDirectory } from '../listing/layerEntries.ts';
import { type FileFacts, type MergedNode, type MergedTree } from './mergedTree.ts';

/** What a layer does to a path; `same` for directories that it only passes through. */
export type Mark = 'added' | 'changed' | 'deleted' | 'same';

export interface ChangedNode {
  /** In the image up to this layer, or below it if deleted. */
  readonly node: MergedNode;
  readonly mark: Mark;
}

/** Returns what a layer has and deletes in one directory. `tree` may have layers above it. */
export function layerChanges(tree: MergedTree, layer: number, path: string): ChangedNode[] {
  const own = ownDirectory(tree.layerRoot(layer), path);
  if (!own) return [];
  const before = childrenAt(tree.below(layer), path);
  const after = childrenAt(tree.below(layer + 1), path);
  const rows: ChangedNode[] = [];
  for (const name of own.children.keys()) {
    const node = after.get(name);
    if (node) rows.push({ node, mark: markOf(node, before.get(name), layer) });
  }
  for (const [name, node] of before) if (!after.has(name)) rows.push({ node, mark: 'deleted' });
  return rows;
}

function markOf(node: MergedNode, before: MergedNode | undefined, layer: number): Mark {
  if (!before) return 'added';
  if (!node.isDirectory || !before.isDirectory) return 'changed';
  return node.layer === layer && !sameFolder(node.facts, before.facts) ? 'changed' : 'same';
}

/** Ignores the time, which changes with every file added to the directory. */
function sameFolder(one: FileFacts, other: FileFacts): boolean {
  return one.mode === other.mode && one.uid === other.uid && one.gid === other.gid;
}

function ownDirectory(root: LayerDirectory | undefined, path: string): LayerDirectory | undefined {
  let directory = root;
  for (const name of splitPath(path) ?? []) {
    const node = directory?.children.get(name);
    directory = node?.kind === 'directory' ? node : undefined;
  }
  return directory;
}

const NOTHING: ReadonlyMap<string, MergedNode> = new Map();

/** Follows no links, since a layer's own paths are already resolved. */
function childrenAt(tree: MergedTree, path: string): ReadonlyMap<string, MergedNode> {
  let node: MergedNode | undefined = tree.root;
  for (const name of splitPath(path) ?? []) node = node?.isDirectory ? tree.childrenOf(node).get(name) : undefined;
  return node?.isDirectory ? tree.childrenOf(node) : NOTHING;
}
