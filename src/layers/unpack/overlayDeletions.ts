import type { Deletions } from './layerVisitor.ts';
import type { TreeWriter } from './treeWriter.ts';

/**
 * Turns deletions into marks for overlayfs: whiteouts and opaque directories. They hide what lower
 * layers have, but nothing of the same layer, wherever in the archive they stand.
 */
export class OverlayDeletions implements Deletions {
  readonly #tree: TreeWriter;

  constructor(tree: TreeWriter) {
    this.#tree = tree;
  }

  hide(names: readonly string[], hidden: string): void {
    const directory = this.#tree.parentOf([...names, hidden]);
    if (!directory) return;
    const node = directory.get(hidden);
    // A file of the same layer hides what is below it anyway, while a directory would be merged
    // with it.
    if (node?.kind === 'directory') node.opaque = true;
    else if (!node) this.#tree.keep({ directory, name: hidden }, { kind: 'whiteout', layer: this.#tree.layer });
  }

  hideAll(names: readonly string[]): void {
    const directory = this.#tree.parentOf([...names, '']);
    if (directory) directory.opaque = true;
  }
}
