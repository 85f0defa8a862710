import { commands, DataTransferItem, Uri, type DataTransfer, type TreeDragAndDropController } from 'vscode';
import { COMMANDS } from '../common/ids.ts';
import type { TreeNode } from '../tree/treeNode.ts';

const URIS = 'text/uri-list';

/** Drags rows of files into an editor, and opens local images that are dropped on a view. */
export const rowDragAndDrop: TreeDragAndDropController<TreeNode> = {
  dragMimeTypes: [URIS],
  dropMimeTypes: [URIS],
  handleDrag: async (rows, data) => {
    const uris = (await Promise.all(rows.map(openedBy))).filter(uri => uri !== undefined);
    if (uris.length > 0) data.set(URIS, new DataTransferItem(uris.map(String).join('\r\n')));
  },
  handleDrop: async (_row, data) => {
    for (const uri of await droppedFiles(data)) await commands.executeCommand(COMMANDS.openLocal, uri);
  },
};

/** The file that a click on the row opens in an editor. */
async function openedBy(row: TreeNode): Promise<Uri | undefined> {
  const { command } = await row.toTreeItem();
  const uri: unknown = command?.arguments?.[0];
  return command?.command === 'vscode.open' && uri instanceof Uri ? uri : undefined;
}

async function droppedFiles(data: DataTransfer): Promise<readonly Uri[]> {
  const text = (await data.get(URIS)?.asString()) ?? '';
  return text
    .split(/\r?\n/)
    .filter(line => line.startsWith('file:'))
    .map(line => Uri.parse(line, true));
}
