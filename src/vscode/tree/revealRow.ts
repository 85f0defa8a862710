import { setTimeout as pause } from 'node:timers/promises';
import type { TreeView } from 'vscode';
import type { TreeNode } from './treeNode.ts';

/**
 * How long to wait for the row after each try, in milliseconds. The first is longer than drawing
 * the rows takes, the last longer than a busy machine needs.
 */
const PAUSES = [200, 500, 1000, 2000];
const STEP = 50;

type View = Pick<TreeView<TreeNode>, 'reveal' | 'selection'>;

/**
 * Reveals and selects a row, opening all rows above it. If VS Code redraws the tree meanwhile, it
 * requests the same rows twice and drops the answer to the first request: it then fails with
 * "Cannot resolve tree item", or gives up silently. So this tries again until the row is selected.
 * @throws what VS Code throws at the last try
 */
export async function revealRow(
  view: View,
  row: TreeNode,
  expand: boolean,
  pauses: readonly number[] = PAUSES,
): Promise<void> {
  for (const [tries, patience] of pauses.entries()) {
    try {
      await view.reveal(row, { select: true, focus: true, expand });
    } catch (error) {
      if (tries === pauses.length - 1) throw error;
    }
    if (await isSelected(view, row, patience)) return;
  }
}

async function isSelected(view: View, { id }: TreeNode, patience: number): Promise<boolean> {
  for (let waited = 0; ; waited += STEP) {
    // The object may differ if the tree was redrawn.
    if (view.selection.some(selected => selected.id === id)) return true;
    if (waited >= patience) return false;
    await pause(STEP);
  }
}
