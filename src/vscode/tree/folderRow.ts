import type { CommandArgument } from '../common/argument.ts';
import { LoadMoreNode } from './loadMoreNode.ts';
import type { TreeItem } from 'vscode';
import { passes, type FilteredNode, type PagedNode, type TreeNode } from './treeNode.ts';

/** A folder whose entries are the rows below a row: narrowed by a filter, and a part at a time. */
export interface RowFolder {
  filter: string;
  /** The rows of this folder, below `node`. */
  rows(node: PagedNode): Promise<readonly TreeNode[]>;
  /** Takes in the next part. */
  more(): Promise<void>;
  /** Forgets what was listed. */
  reset(): void;
  /** Waits until all that is in it can be listed; for one that always can, absent. */
  whole?(): Promise<void>;
}

/** A row of a tree that may have a folder below it. */
export abstract class FolderRow implements PagedNode, FilteredNode {
  abstract readonly id: string;
  abstract readonly parent: TreeNode;
  abstract readonly argument: CommandArgument;
  /** `undefined` for a row without rows below it. */
  protected abstract readonly folder: RowFolder | undefined;
  abstract toTreeItem(): TreeItem;

  /** The last part of its path, where it is an entry of a folder. */
  get name(): string | undefined {
    return undefined;
  }

  get filter(): string {
    return this.folder?.filter ?? '';
  }

  set filter(text: string) {
    if (this.folder) this.folder.filter = text;
  }

  async children(): Promise<readonly TreeNode[]> {
    return this.folder?.rows(this) ?? [];
  }

  async loadMore(): Promise<void> {
    await this.folder?.more();
  }

  refresh(): void {
    this.folder?.reset();
  }

  /** The row of an entry of this name. It is among the rows from now on: a filter that hides it goes, and parts are loaded until it is there. */
  async entry(name: string): Promise<FolderRow | undefined> {
    if (!passes(this.filter, name)) this.filter = '';
    await this.folder?.whole?.();
    for (;;) {
      const rows = await this.children();
      const found = rows.find((row): row is FolderRow => row instanceof FolderRow && row.name === name);
      if (found || !(rows.at(-1) instanceof LoadMoreNode)) return found;
      await this.loadMore();
    }
  }
}
