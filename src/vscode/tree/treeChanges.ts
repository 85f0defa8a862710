import { EventEmitter, type Disposable } from 'vscode';
import type { TreeNode } from './treeNode.ts';

/**
 * Tells VS Code which rows have changed. While a row is being revealed, which opens the rows above it one after another, changes wait: a refresh of one of
 * them in between makes VS Code give up on its way, without a word.
 */
export class TreeChanges implements Disposable {
  readonly #emitter = new EventEmitter<TreeNode | undefined>();
  readonly #waiting = new Set<TreeNode | undefined>();
  #reveals = 0;
  readonly event = this.#emitter.event;

  /** A row has changed, or without one the whole tree. */
  fire(node?: TreeNode): void {
    if (this.#reveals > 0) this.#waiting.add(node);
    else this.#emitter.fire(node);
  }

  /** Holds changes back until the work has ended. */
  async holdDuring(work: () => Promise<void>): Promise<void> {
    this.#reveals += 1;
    try {
      await work();
    } finally {
      this.#reveals -= 1;
      if (this.#reveals === 0) this.#release();
    }
  }

  dispose(): void {
    this.#emitter.dispose();
  }

  #release(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const node of waiting) this.#emitter.fire(node);
  }
}
