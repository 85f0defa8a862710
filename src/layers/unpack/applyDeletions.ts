import type { Deletions, TreeMaker } from './layerVisitor.ts';
import type { DirectoryNode } from './tree.ts';

/**
 * Carries deletions out: removes what earlier layers made, but nothing of the same layer, wherever
 * in the archive the deletion stands.
 */
export class AppliedDeletions implements Deletions {
  readonly #tree: Pick<TreeMaker, 'layer' | 'parentOf' | 'clear'>;

  constructor(tree: Pick<TreeMaker, 'layer' | 'parentOf' | 'clear'>) {
    this.#tree = tree;
  }

  hide(names: readonly string[], hidden: string): void {
    const directory = this.#tree.parentOf([...names, hidden]);
    if (directory) this.#delete(directory, hidden);
  }

  hideAll(names: readonly string[]): void {
    const directory = this.#tree.parentOf([...names, '']);
    if (directory) this.#deleteInside(directory);
  }

  #delete(directory: DirectoryNode, name: string): void {
    const node = directory.get(name);
    if (!node) return;
    if (node.layer !== this.#tree.layer) this.#tree.clear({ directory, name });
    else if (node.kind === 'directory') this.#deleteInside(node);
  }

  #deleteInside(directory: DirectoryNode): void {
    const { layer } = this.#tree;
    // What this layer made stays, and the first call removed what is older.
    if (directory.clearedIn === layer) return;
    directory.clearedIn = layer;
    for (const [name] of directory.entries()) this.#delete(directory, name);
  }
}
