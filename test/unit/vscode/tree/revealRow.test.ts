import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TreeNode } from '../../../../src/vscode/tree/treeNode.ts';
import { revealRow } from '../../../../src/vscode/tree/revealRow.ts';

const ROW: TreeNode = { id: 'row', parent: undefined, argument: {}, toTreeItem: () => ({}) };

/** A view that is drawn anew during the first tries. */
function viewDrawnAnew(tries: number): { reveal(row: TreeNode): Promise<void>; readonly asked: TreeNode[] } {
  const asked: TreeNode[] = [];
  return {
    asked,
    async reveal(row) {
      asked.push(row);
      if (asked.length <= tries) throw new Error(`Cannot resolve tree item for try ${asked.length}`);
    },
  };
}

test('a row is shown once the view is no more drawn anew', async () => {
  const view = viewDrawnAnew(2);
  await revealRow(view, ROW, true, [1, 1, 1]);
  assert.deepEqual(view.asked, [ROW, ROW, ROW]);
});

test('a row that can never be shown fails with what VS Code says of it', async () => {
  const view = viewDrawnAnew(Number.POSITIVE_INFINITY);
  await assert.rejects(revealRow(view, ROW, true, [1, 1]), /Cannot resolve tree item for try 3/);
});
