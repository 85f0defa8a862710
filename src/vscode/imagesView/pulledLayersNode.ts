import { ThemeIcon, TreeItem, TreeItemCollapsibleState } from 'vscode';
import type { FolderLayer } from '../../pull/imageFolder.ts';
import type { CommandArgument } from '../common/argument.ts';
import { dotted } from '../common/text.ts';
import { describeLayers } from '../filesView/layersNode.ts';
import type { TreeNode } from '../tree/treeNode.ts';
import { PulledLayerNode } from './pulledLayerNode.ts';

/** `Layers` of a pulled image, base first. */
export class PulledLayersNode implements TreeNode {
  readonly id: string;
  readonly parent: TreeNode;
  readonly argument: CommandArgument;
  readonly #folder: string;
  readonly #layers: () => readonly FolderLayer[];
  #rows: readonly PulledLayerNode[] = [];

  /** @param layers returns their current state */
  constructor(parent: TreeNode, folder: string, layers: () => readonly FolderLayer[]) {
    this.id = `${parent.id}/Layers`;
    this.parent = parent;
    this.argument = { folder };
    this.#folder = folder;
    this.#layers = layers;
  }

  toTreeItem(): TreeItem {
    const item = new TreeItem('Layers', TreeItemCollapsibleState.Collapsed);
    item.id = this.id;
    item.contextValue = 'peel.image.layers';
    item.iconPath = new ThemeIcon('layers');
    const description = describeLayers(this.#layers().map(layer => layer.size));
    item.description = description;
    item.accessibilityInformation = { label: dotted('Layers', description) };
    item.tooltip = 'The layers of the image, base first, each unpacked into its own folder';
    return item;
  }

  async children(): Promise<readonly TreeNode[]> {
    const layers = this.#layers();
    this.#rows = layers.map((layer, at) => {
      const row = this.#rows[at];
      return row?.shows(layer) ? row : new PulledLayerNode(this, this.#folder, layer, layers.length);
    });
    return this.#rows;
  }

  refresh(): void {
    for (const row of this.#rows) row.refresh();
  }
}
