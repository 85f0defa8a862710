import { setTimeout as pause } from 'node:timers/promises';
import type { TreeView } from 'vscode';
import type { TreeNode } from './treeNode.ts';

/** Between one try and the next, in milliseconds: the first is longer than drawing the rows takes, the last than a busy machine needs. */
const PAUSES = [100, 300, 1000, 2000];

/**
 * Shows a row, with all rows above it opened. Where VS Code draws the tree anew meanwhile, it asks for the same rows a second time, and whoever asked first gets none: "Cannot resolve tree item".
 * So it is tried again.
 * @throws what VS Code throws, when it does so every time
 */
export async function revealRow(
  view: Pick<TreeView<TreeNode>, 'reveal'>,
  row: TreeNode,
  expand: boolean,
  pauses: readonly number[] = PAUSES,
): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      return await view.reveal(row, { select: true, focus: true, expand });
    } catch (error) {
      const next = pauses[tries];
      if (next === undefined) throw error;
      await pause(next);
    }
  }
}
