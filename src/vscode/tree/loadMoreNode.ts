import { ThemeIcon, TreeItem } from 'vscode';
import { TREE_COMMANDS } from '../common/ids.ts';
import type { PagedNode, TreeNode } from './treeNode.ts';

/** The last row of a list with more to load: a click or Enter loads the next chunk. */
export class LoadMoreNode implements TreeNode {
  readonly id: string;
  readonly argument = {};
  readonly parent: PagedNode;
  readonly #description: string;
  #loading = false;

  /** @param description what is known of the rest, such as `200 of 3,412 tags` */
  constructor(parent: PagedNode, description = '') {
    this.id = `${parent.id}/more`;
    this.parent = parent;
    this.#description = description;
  }

  toTreeItem(): TreeItem {
    const item = new TreeItem(this.#loading ? 'Loading…' : 'Load more…');
    item.id = this.id;
    item.contextValue = 'peel.more';
    item.description = this.#description;
    item.iconPath = new ThemeIcon(this.#loading ? 'loading~spin' : 'ellipsis');
    item.tooltip = 'Show the next part of this list';
    item.command = { command: TREE_COMMANDS.loadMore, title: 'Load More', arguments: [this] };
    return item;
  }

  /**
   * Loads the next chunk. `changed` is called with this row when loading begins, and with the
   * parent when its list has grown.
   */
  async load(changed: (node: TreeNode) => void): Promise<void> {
    if (this.#loading) return;
    this.#loading = true;
    changed(this);
    try {
      await this.parent.loadMore();
    } finally {
      this.#loading = false;
      changed(this.parent);
    }
  }
}
