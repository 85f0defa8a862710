import { ThemeIcon, TreeItem } from 'vscode';
import { count, dotted, formatBytes } from '../common/text.ts';
import type { FilesSoFar } from '../files/openingTree.ts';
import type { TreeNode } from '../tree/treeNode.ts';

/** The first row while files are still being found; shows the progress. */
export class ReadingNode implements TreeNode {
  readonly id: string;
  readonly parent: TreeNode;
  readonly argument = {};
  /** Stops reading. */
  readonly stop: () => void;
  readonly #soFar: FilesSoFar;

  constructor(parent: TreeNode, soFar: FilesSoFar, stop: () => void) {
    this.id = `${parent.id}/reading`;
    this.parent = parent;
    this.stop = stop;
    this.#soFar = soFar;
  }

  toTreeItem(): TreeItem {
    const { read, total, found } = this.#soFar;
    // Never 100, since reading isn't finished.
    const progress = total > 0 ? `${Math.min(99, Math.floor((100 * read) / total))} %` : formatBytes(read);
    const item = new TreeItem(`Reading… ${progress}`);
    item.id = this.id;
    item.contextValue = 'peel.reading';
    item.description = `${count(found, 'entry', 'entries')} so far`;
    item.iconPath = new ThemeIcon('loading~spin');
    item.tooltip =
      'Files found so far, not yet verified. They open, and show what each layer changes, once all layers are read.';
    item.accessibilityInformation = { label: dotted(`Reading ${progress}`, item.description) };
    return item;
  }
}
