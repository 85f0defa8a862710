import { setTimeout as pause } from 'node:timers/promises';
import type { TreeView } from 'vscode';
import type { TreeNode } from './treeNode.ts';

/** How long to wait for the row after each try, in milliseconds: the first is longer than drawing the rows takes, the last than a busy machine needs. */
const PAUSES = [200, 500, 1000, 2000];
const STEP = 50;

type View = Pick<TreeView<TreeNode>, 'reveal' | 'selection'>;

/**
 * Shows and selects a row, with all rows above it opened. Where VS Code draws the tree anew meanwhile, it asks for the same rows a second time, and whoever asked first gets none: then it says "Cannot
 * resolve tree item", or gives up without a word. So it is tried again until the row is selected.
 * @throws what VS Code throws, when it does so at the last try, too
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
    // Its object may be another since the tree was drawn anew.
    if (view.selection.some(selected => selected.id === id)) return true;
    if (waited >= patience) return false;
    await pause(STEP);
  }
}
