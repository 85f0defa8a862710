import { ThemeIcon, TreeItem, TreeItemCollapsibleState } from 'vscode';
import type { Layer } from '../../oci/layer.ts';
import { isForeignLayer } from '../../oci/mediaTypes.ts';
import type { CommandArgument } from '../common/argument.ts';
import { dotted, formatBytes, grouped, plainText, timeAgo } from '../common/text.ts';
import type { LayerState } from '../images/layerStates.ts';
import { argumentFor, type ImageAddress } from '../registries/imageAddress.ts';
import { contextValue } from '../tree/contextValue.ts';
import { instructionOf, layerLabel } from '../tree/createdBy.ts';
import { FolderRow } from '../tree/folderRow.ts';
import { tooltip } from '../tree/tooltip.ts';
import type { TreeContext, TreeNode } from '../tree/treeNode.ts';
import { FileFolder } from './fileNode.ts';
import { layerView } from './fileViews.ts';
import type { FileRowNeeds } from './rowNeeds.ts';

/** A layer of an image in a registry. It opens to its own files, without being extracted. */
export class LayerNode extends FolderRow {
  readonly id: string;
  readonly parent: TreeNode;
  readonly argument: CommandArgument;
  readonly #layer: Layer;
  readonly #of: number;
  protected readonly folder: FileFolder;
  /** The layer's state on this machine. */
  state: LayerState | undefined;

  /** @param of the number of layers in the image */
  constructor(
    parent: TreeNode,
    context: TreeContext<FileRowNeeds>,
    address: ImageAddress,
    layer: Layer,
    of: number,
    state: LayerState | undefined,
  ) {
    super();
    this.id = `${parent.id}/${layer.number}`;
    this.parent = parent;
    this.argument = { ...argumentFor(address), layer: layer.number, digest: layer.descriptor.digest };
    this.#layer = layer;
    this.#of = of;
    this.state = state;
    this.folder = new FileFolder(
      layerView(context, address, layer.number, () => context.changed(this)),
      '',
    );
  }

  get layer(): Layer {
    return this.#layer;
  }

  override refresh(): void {
    this.folder.view.reset();
    super.refresh();
  }

  toTreeItem(): TreeItem {
    const { number, descriptor, diffId, createdBy, created } = this.#layer;
    const size = descriptor.size < 0 ? '' : formatBytes(descriptor.size);
    const instruction = createdBy === undefined ? '' : instructionOf(createdBy);
    const item = new TreeItem(layerLabel(number, instruction), TreeItemCollapsibleState.Collapsed);
    item.id = this.id;
    item.contextValue = contextValue('peel.layer', { filtered: this.filter !== '' });
    item.description = dotted(size, this.state, this.filterNote);
    item.iconPath = new ThemeIcon(this.state ? ICONS[this.state] : 'file-zip');
    item.tooltip = tooltip(
      `Layer ${number} of ${this.#of}`,
      [
        ['Digest', descriptor.digest],
        ['Diff ID', diffId],
        ['Size', size && `${size} (${grouped(descriptor.size)} bytes, compressed)`],
        ['Type', descriptor.mediaType],
        ['Created', dotted(created, timeAgo(created, Date.now()))],
        ['State', this.state],
        ['Fetched from', isForeignLayer(descriptor.mediaType) ? descriptor.urls?.join(', ') : ''],
      ],
      instruction,
    );
    item.accessibilityInformation = {
      label: dotted(`Layer ${number} of ${this.#of}`, size, this.state, plainText(instruction)),
    };
    return item;
  }
}

const ICONS: Readonly<Record<LayerState, string>> = { downloaded: 'archive', extracted: 'folder-library' };
