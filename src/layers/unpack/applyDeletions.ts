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
    if (directory) this.#deleteInside(this.#delete(directory, hidden));
  }

  hideAll(names: readonly string[]): void {
    const directory = this.#tree.parentOf([...names, '']);
    this.#deleteInside(directory);
  }

  /** Removes a name, or returns the directory of it that stays because this layer made it. */
  #delete(directory: DirectoryNode, name: string): DirectoryNode | undefined {
    const node = directory.get(name);
    if (node && node.layer !== this.#tree.layer) this.#tree.clear({ directory, name });
    else if (node?.kind === 'directory') return node;
    return undefined;
  }

  #deleteInside(top: DirectoryNode | undefined): void {
    const { layer } = this.#tree;
    const open = top ? [top] : [];
    for (const directory of open) {
      // What this layer made stays, and the first call removed what is older.
      if (directory.clearedIn === layer) continue;
      directory.clearedIn = layer;
      for (const [name] of directory.entries()) {
        const stays = this.#delete(directory, name);
        if (stays) open.push(stays);
      }
    }
  }
}
