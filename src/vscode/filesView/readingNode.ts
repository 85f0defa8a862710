import { ThemeIcon, TreeItem } from 'vscode';
import type { FilesSoFar } from '../files/openingTree.ts';
import { count, dotted, formatBytes } from '../common/text.ts';
import type { TreeNode } from '../tree/treeNode.ts';

/** The first row of files that are still being found: how far that is. */
export class ReadingNode implements TreeNode {
  readonly id: string;
  readonly parent: TreeNode;
  readonly argument = {};
  /** Ends the reading. */
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
    // A hundred is for what is through.
    const far = total > 0 ? `${Math.min(99, Math.floor((100 * read) / total))} %` : formatBytes(read);
    const item = new TreeItem(`Reading… ${far}`);
    item.id = this.id;
    item.contextValue = 'peel.reading';
    item.description = `${count(found, 'entry', 'entries')} so far`;
    item.iconPath = new ThemeIcon('loading~spin');
    item.tooltip =
      'The files that were found so far are listed, but nothing is verified yet. What a layer adds, changes or deletes is told, and files open, when all is read.';
    item.accessibilityInformation = { label: dotted(`Reading ${far}`, item.description) };
    return item;
  }
}
