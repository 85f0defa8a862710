import { join } from 'node:path';
import { ThemeIcon, TreeItem, TreeItemCollapsibleState } from 'vscode';
import { contextValue } from './contextValue.ts';
import { DiskFolder } from './diskNode.ts';
import type { FilteredNode, PagedNode, TreeNode } from './treeNode.ts';

/** `Merged`: the files of a mounted image, where what is written lands in `overlay/upper`. */
export class MergedNode implements PagedNode, FilteredNode {
  readonly id: string;
  readonly parent: TreeNode;
  readonly argument: { readonly folder: string };
  readonly #folder: DiskFolder;

  constructor(parent: TreeNode, folder: string) {
    this.id = `${parent.id}/Merged`;
    this.parent = parent;
    this.argument = { folder };
    this.#folder = new DiskFolder(join(folder, 'merged'), '');
  }

  get filter(): string {
    return this.#folder.filter;
  }

  set filter(text: string) {
    this.#folder.filter = text;
    this.#folder.reset();
  }

  toTreeItem(): TreeItem {
    const item = new TreeItem('Merged', TreeItemCollapsibleState.Collapsed);
    item.id = this.id;
    item.contextValue = contextValue('peel.merged', { filtered: this.filter !== '' });
    item.description = this.filter ? `filter: ${this.filter}` : 'all layers, writable';
    item.iconPath = new ThemeIcon('vm-running');
    item.tooltip = `The mounted image at ${this.#folder.root}`;
    return item;
  }

  children(): Promise<readonly TreeNode[]> {
    return this.#folder.rows(this);
  }

  loadMore(): Promise<void> {
    return this.#folder.more();
  }

  refresh(): void {
    this.#folder.reset();
  }
}
