import { commands, Disposable, window, type LogOutputChannel } from 'vscode';
import { describeFailure, showFailure } from '../common/failures.ts';
import { ROW_COMMANDS, TREE_COMMANDS } from '../common/ids.ts';
import { ReadingNode } from '../filesView/readingNode.ts';
import type { PulledImages } from '../images/pulledImages.ts';
import { FailureNode } from '../tree/failureNode.ts';
import { LoadMoreNode } from '../tree/loadMoreNode.ts';
import type { NodeTree } from '../tree/nodeTree.ts';
import { isFiltered, type TreeNode } from '../tree/treeNode.ts';

/** Registers the commands that act on the trees' rows. */
export function registerTreeCommands(
  trees: readonly NodeTree[],
  log: LogOutputChannel,
  images: PulledImages,
): Disposable {
  const treesOf = (node: TreeNode | undefined): readonly NodeTree[] =>
    node ? trees.filter(tree => tree.holds(node)) : trees;
  const refresh = (node?: TreeNode): void => {
    for (const tree of treesOf(node)) tree.refresh(node);
    if (!node) images.refresh();
  };
  const more = async (node: TreeNode): Promise<void> => {
    if (!(node instanceof LoadMoreNode)) return;
    await node.load(changed => {
      for (const tree of treesOf(changed)) tree.changed(changed);
    });
  };
  const retry = (node: TreeNode): void => {
    if (node instanceof FailureNode) node.retry();
  };
  const stop = (node: TreeNode): void => {
    if (node instanceof ReadingNode) node.stop();
  };
  const filter = async (node: TreeNode, text?: string): Promise<void> => {
    if (!isFiltered(node)) return;
    const wanted = text ?? (await askFilter(node.filter));
    if (wanted === undefined) return;
    node.filter = wanted.trim();
    for (const tree of treesOf(node)) tree.changed(node);
  };
  const run = (id: string, work: (node: TreeNode) => unknown): Disposable =>
    commands.registerCommand(id, async (node: TreeNode) => {
      try {
        await work(node);
      } catch (error) {
        log.error(`${id}: ${String(error)}`);
        await showFailure(describeFailure(error), log, () => commands.executeCommand(id, node));
      }
    });
  return Disposable.from(
    run(TREE_COMMANDS.refresh, refresh),
    run(TREE_COMMANDS.loadMore, more),
    run(TREE_COMMANDS.retry, retry),
    run(TREE_COMMANDS.stopReading, stop),
    run(TREE_COMMANDS.filter, node => filter(node)),
    run(TREE_COMMANDS.clearFilter, node => filter(node, '')),
  );
}

/**
 * Registers the commands that act on selected rows. A menu passes the row under the mouse and all
 * selected ones; a keybinding passes the id of the view with the focus.
 */
export function registerRowCommands(selectionOf: (view: string) => readonly TreeNode[]): Disposable {
  return Disposable.from(
    ...Object.values(ROW_COMMANDS).map(id =>
      commands.registerCommand(id, async (given: string | TreeNode, selected?: readonly TreeNode[]) => {
        const rows = typeof given === 'string' ? selectionOf(given) : (selected ?? [given]);
        if (rows.length > 0) await (await import('./rowCommands.ts')).ROW_WORK[id](rows);
      }),
    ),
  );
}

function askFilter(value: string): Thenable<string | undefined> {
  return window.showInputBox({
    title: 'Filter',
    prompt: 'Show only rows whose names contain these words. Leave empty to show all.',
    value,
  });
}
