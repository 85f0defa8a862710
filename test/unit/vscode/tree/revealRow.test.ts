import assert from 'node:assert/strict';
import { test } from 'node:test';
import { revealRow } from '../../../../src/vscode/tree/revealRow.ts';
import type { TreeNode } from '../../../../src/vscode/tree/treeNode.ts';

function row(): TreeNode {
  return { id: 'row', parent: undefined, argument: {}, toTreeItem: () => ({}) };
}

/**
 * A view that is redrawn during each of these tries. Afterwards it shows the row, as a new object.
 */
class View {
  readonly selection: TreeNode[] = [];
  readonly asked: TreeNode[] = [];
  readonly #drawnAnew: readonly ('throws' | 'says nothing')[];

  constructor(...drawnAnew: readonly ('throws' | 'says nothing')[]) {
    this.#drawnAnew = drawnAnew;
  }

  async reveal(asked: TreeNode): Promise<void> {
    const does = this.#drawnAnew[this.asked.length];
    this.asked.push(asked);
    if (does === 'throws') throw new Error(`Cannot resolve tree item in try ${this.asked.length}`);
    if (does === undefined) this.selection.push(row());
  }
}

test('reveals a row once redrawing stops, whether VS Code reported a failure or not', async () => {
  const view = new View('throws', 'says nothing');
  await revealRow(view, row(), true, [1, 1, 1]);
  assert.equal(view.asked.length, 3);
});

test('reveals a visible row only once', async () => {
  const view = new View();
  await revealRow(view, row(), true);
  assert.equal(view.asked.length, 1);
});

test("fails with VS Code's last error if the row can never be shown", async () => {
  const view = new View('throws', 'throws');
  await assert.rejects(revealRow(view, row(), true, [1, 1]), /Cannot resolve tree item in try 2/);
  const silent = new View('throws', 'says nothing');
  await revealRow(silent, row(), true, [1, 1]);
  assert.equal(silent.asked.length, 2);
});
