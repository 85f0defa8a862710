import type { TreeItem } from 'vscode';
import type { CommandArgument } from '../common/argument.ts';

/** A row of a tree. It answers for itself; the provider asks no row what kind it is. */
export interface TreeNode {
  /** Unique in its tree and the same after a reload, so that VS Code finds again what was open. */
  readonly id: string;
  /** The row above; absent for the rows of the first level. */
  readonly parent: TreeNode | undefined;
  /** What a command that is started on this row works on. */
  readonly argument: CommandArgument;
  toTreeItem(): TreeItem | Promise<TreeItem>;
  /** Fills in what is only needed when somebody points at the row (tooltip, command). */
  resolve?(item: TreeItem): Promise<TreeItem> | TreeItem;
  /** The rows below; absent for a leaf. What it throws is shown as a row. */
  children?(): Promise<readonly TreeNode[]>;
  /** Forgets what was loaded, so that the next `children()` asks anew. */
  refresh?(): void;
}

/** A row whose list below is loaded part by part. */
export interface PagedNode extends TreeNode {
  loadMore(): Promise<void>;
}

/** A row whose list below can be narrowed. */
export interface FilteredNode extends TreeNode {
  /** Lower case or not does not matter; empty = everything. */
  filter: string;
}

/** What a row receives: the collaborators it and the rows below it need, and how to have itself redrawn. */
export interface TreeContext<Needs> {
  readonly needs: Needs;
  /** Makes VS Code ask a row anew for its looks and its children; absent = the whole tree. */
  readonly changed: (node?: TreeNode) => void;
}

/** True for a row whose list can be narrowed. */
export function isFiltered(node: TreeNode): node is FilteredNode {
  return 'filter' in node;
}

/** True when a row's name passes a list's filter: every word of the filter occurs in it, in any order and case. */
export function passes(filter: string, name: string): boolean {
  const lower = name.toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every(word => lower.includes(word));
}
