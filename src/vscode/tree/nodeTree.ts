import type { Disposable, Event, TreeDataProvider, TreeItem } from 'vscode';
import { FailureNode } from './failureNode.ts';
import type { TreeChanges } from './treeChanges.ts';
import type { TreeNode } from './treeNode.ts';

/** A tree's first level. */
export interface TreeRoot {
  children(): Promise<readonly TreeNode[]>;
  /** Forgets everything loaded. */
  refresh(): void;
  /** The prefix of all its rows' ids. */
  readonly prefix: string;
}

/**
 * Provides rows to VS Code. It treats all kinds alike; what a row throws becomes a row below it.
 */
export class NodeTree implements TreeDataProvider<TreeNode>, Disposable {
  readonly #root: TreeRoot;
  readonly #changes: TreeChanges;
  readonly onDidChangeTreeData: Event<TreeNode | undefined>;

  /** @param changes fired by rows when they change */
  constructor(root: TreeRoot, changes: TreeChanges) {
    this.#root = root;
    this.#changes = changes;
    this.onDidChangeTreeData = changes.event;
  }

  getTreeItem(node: TreeNode): TreeItem | Promise<TreeItem> {
    return node.toTreeItem();
  }

  getParent(node: TreeNode): TreeNode | undefined {
    return node.parent;
  }

  async getChildren(node?: TreeNode): Promise<TreeNode[]> {
    try {
      return [...((await (node ?? this.#root).children?.()) ?? [])];
    } catch (error) {
      return [new FailureNode(node, error, () => this.refresh(node), this.#root.prefix)];
    }
  }

  /** Forgets everything below a row, or all rows, and loads it again. */
  refresh(node?: TreeNode): void {
    (node ?? this.#root).refresh?.();
    this.#changes.fire(node);
  }

  /** Redraws a row, or the whole tree, without forgetting what was loaded. */
  changed(node?: TreeNode): void {
    this.#changes.fire(node);
  }

  /** True for a row of this tree. */
  holds(node: TreeNode): boolean {
    return node.id.startsWith(this.#root.prefix);
  }

  dispose(): void {
    this.#changes.dispose();
  }
}
