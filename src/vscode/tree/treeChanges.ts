import { EventEmitter, type Disposable } from 'vscode';
import type { TreeNode } from './treeNode.ts';

/**
 * Reports changed rows to VS Code. Changes wait while a row is being revealed, which opens the rows
 * above it one after another: if one of these is refreshed in between, VS Code silently gives up.
 */
export class TreeChanges implements Disposable {
  readonly #emitter = new EventEmitter<TreeNode | undefined>();
  readonly #waiting = new Set<TreeNode | undefined>();
  #reveals = 0;
  readonly event = this.#emitter.event;

  /** Reports a changed row, or the whole tree. */
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
