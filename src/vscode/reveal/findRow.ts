import { FilesNode } from '../filesView/filesNode.ts';
import { LayersNode } from '../filesView/layersNode.ts';
import { MergedNode } from '../imagesView/mergedNode.ts';
import { PulledLayersNode } from '../imagesView/pulledLayersNode.ts';
import { FolderRow } from '../tree/folderRow.ts';
import type { TreeNode } from '../tree/treeNode.ts';

/**
 * Finds a file's row below an image's row: below one of its layers, or below the merged ones. If
 * the path isn't fully found, returns the last folder's row; `undefined` if there are no such
 * files, as in a pulled image that isn't mounted.
 */
export async function findFile(image: TreeNode, path: string, layer?: number): Promise<TreeNode | undefined> {
  const rows = (await image.children?.()) ?? [];
  let row = layer === undefined ? rows.find(isMerged) : await layerOf(rows, layer);
  for (const name of path.split('/').filter(part => part !== '')) {
    const below = await row?.entry(name);
    if (!below) break;
    row = below;
  }
  return row;
}

function isMerged(row: TreeNode): row is FolderRow {
  return row instanceof FilesNode || row instanceof MergedNode;
}

async function layerOf(rows: readonly TreeNode[], number: number): Promise<FolderRow | undefined> {
  const layers = rows.find(row => row instanceof LayersNode || row instanceof PulledLayersNode);
  return (await layers?.children())?.find(
    (row): row is FolderRow => row instanceof FolderRow && row.argument.layer === number,
  );
}
