import type { TreeItem } from 'vscode';
import type { CommandArgument } from '../common/argument.ts';

/**
 * A row of a tree. Each row provides its own looks and children; the provider never asks what kind
 * it is.
 */
export interface TreeNode {
  /**
   * Unique in its tree and stable across reloads, so that VS Code can restore which rows are open.
   */
  readonly id: string;
  /** Absent for rows of the first level. */
  readonly parent: TreeNode | undefined;
  /** The argument of commands started on this row. */
  readonly argument: CommandArgument;
  /** The file or folder on disk that the row shows. */
  readonly location?: string | undefined;
  toTreeItem(): TreeItem | Promise<TreeItem>;
  /** The rows below; absent for a leaf. An error is shown as a row. */
  children?(): Promise<readonly TreeNode[]>;
  /** Forgets what was loaded, so that the next `children()` loads it again. */
  refresh?(): void;
}

/** A row whose children are loaded in chunks. */
export interface PagedNode extends TreeNode {
  loadMore(): Promise<void>;
}

/** A row whose children can be filtered. */
export interface FilteredNode extends TreeNode {
  /** Case-insensitive; empty = everything. */
  filter: string;
}

/** What a row receives: what it and the rows below it need, and how to have itself redrawn. */
export interface TreeContext<Needs> {
  readonly needs: Needs;
  /** Redraws a row and its children; without a row, the whole tree. */
  readonly changed: (node?: TreeNode) => void;
}

/** True for a row whose children can be filtered. */
export function isFiltered(node: TreeNode): node is FilteredNode {
  return 'filter' in node;
}

/** True if every word of the filter occurs in the name, in any order and case. */
export function passes(filter: string, name: string): boolean {
  const lower = name.toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every(word => lower.includes(word));
}
