import type { Disposable, Event, TreeDataProvider, TreeItem } from 'vscode';
import { FailureNode } from './failureNode.ts';
import type { TreeChanges } from './treeChanges.ts';
import type { TreeNode } from './treeNode.ts';

/** Where a tree begins: gives its first level. */
export interface TreeRoot {
  children(): Promise<readonly TreeNode[]>;
  /** Forgets what was loaded. */
  refresh(): void;
  /** What the ids of all its rows begin with. */
  readonly prefix: string;
}

/** Lends nodes to VS Code. It knows no kind of node, only that what a node throws becomes a row below it. */
export class NodeTree implements TreeDataProvider<TreeNode>, Disposable {
  readonly #root: TreeRoot;
  readonly #changes: TreeChanges;
  readonly onDidChangeTreeData: Event<TreeNode | undefined>;

  /** @param changes what the nodes fire on when they changed */
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

  async resolveTreeItem(item: TreeItem, node: TreeNode): Promise<TreeItem> {
    return node.resolve ? node.resolve(item) : item;
  }

  /** Forgets what is below a row, or everything, and asks anew. */
  refresh(node?: TreeNode): void {
    (node ?? this.#root).refresh?.();
    this.#changes.fire(node);
  }

  /** Asks a row, or all, anew for looks and children, without forgetting what was loaded. */
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
