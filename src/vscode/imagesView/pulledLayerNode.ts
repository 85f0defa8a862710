import { join } from 'node:path';
import { ThemeIcon, TreeItem, TreeItemCollapsibleState } from 'vscode';
import type { FolderLayer } from '../../pull/imageFolder.ts';
import type { CommandArgument } from '../common/argument.ts';
import { dotted, formatBytes, grouped, plainText } from '../common/text.ts';
import { contextValue } from '../tree/contextValue.ts';
import { instructionOf, layerLabel } from '../tree/createdBy.ts';
import { FolderRow } from '../tree/folderRow.ts';
import { tooltip } from '../tree/tooltip.ts';
import type { TreeNode } from '../tree/treeNode.ts';
import { DiskFolder } from './diskNode.ts';

/** A layer of a pulled image. Once unpacked, it opens to its files. */
export class PulledLayerNode extends FolderRow {
  readonly id: string;
  readonly parent: TreeNode;
  readonly argument: CommandArgument;
  readonly #layer: FolderLayer;
  readonly #of: number;
  protected readonly folder: DiskFolder | undefined;

  /**
   * @param folder the image's, absolute
   * @param of the number of layers in the image
   */
  constructor(parent: TreeNode, folder: string, layer: FolderLayer, of: number) {
    super();
    this.id = `${parent.id}/${layer.number}`;
    this.parent = parent;
    this.argument = { folder, layer: layer.number, digest: layer.digest };
    this.#layer = layer;
    this.#of = of;
    this.folder = layer.folder === undefined ? undefined : new DiskFolder(join(folder, layer.folder), '');
  }

  /** True if this row still shows the layer's current state. */
  shows(layer: FolderLayer): boolean {
    const mine = this.#layer;
    return mine.digest === layer.digest && mine.folder === layer.folder && mine.size === layer.size;
  }

  get location(): string | undefined {
    return this.folder?.root;
  }

  toTreeItem(): TreeItem {
    const { number, size, digest, diffId, createdBy, compression, folder } = this.#layer;
    const { Collapsed, None } = TreeItemCollapsibleState;
    const bytes = size < 0 ? '' : formatBytes(size);
    const instruction = createdBy === undefined ? '' : instructionOf(createdBy);
    const state = folder === undefined ? 'not extracted' : 'extracted';
    const item = new TreeItem(layerLabel(number, instruction), folder === undefined ? None : Collapsed);
    item.id = this.id;
    item.contextValue = contextValue(folder === undefined ? 'peel.image.layer' : 'peel.image.layer.extracted', {
      filtered: this.filter !== '',
    });
    item.description = dotted(bytes, folder === undefined && state, this.filterNote);
    item.iconPath = new ThemeIcon(folder === undefined ? 'file-zip' : 'folder-library');
    item.tooltip = tooltip(
      `Layer ${number} of ${this.#of}`,
      [
        ['Digest', digest],
        ['Diff ID', diffId],
        ['Size', bytes && `${bytes} (${grouped(size)} bytes${compression ? `, ${compression}` : ''})`],
        ['State', state],
        ['Folder', this.folder?.root],
      ],
      instruction,
    );
    item.accessibilityInformation = {
      label: dotted(`Layer ${number} of ${this.#of}`, bytes, state, plainText(instruction)),
    };
    return item;
  }
}
