import { ThemeIcon, TreeItem } from 'vscode';
import type { Layer } from '../../oci/layer.ts';
import { isForeignLayer } from '../../oci/mediaTypes.ts';
import type { CommandArgument } from '../commands/argument.ts';
import type { LayerState } from '../layerStates.ts';
import { instructionOf } from './createdBy.ts';
import { argumentFor, type ImagePlace } from './imagePlace.ts';
import { dotted, formatBytes, plainText, timeAgo } from './text.ts';
import { tooltip } from './tooltip.ts';
import type { TreeNode } from './treeNode.ts';

/** One layer of an image in a registry. */
export class LayerNode implements TreeNode {
  readonly id: string;
  readonly parent: TreeNode;
  readonly argument: CommandArgument;
  readonly #layer: Layer;
  readonly #of: number;
  readonly #state: LayerState | undefined;

  /** @param of how many layers the image has */
  constructor(parent: TreeNode, place: ImagePlace, layer: Layer, of: number, state: LayerState | undefined) {
    this.id = `${parent.id}/${layer.number}`;
    this.parent = parent;
    this.argument = { ...argumentFor(place), layer: layer.number, digest: layer.descriptor.digest };
    this.#layer = layer;
    this.#of = of;
    this.#state = state;
  }

  toTreeItem(): TreeItem {
    const { number, descriptor, diffId, createdBy, created } = this.#layer;
    const size = descriptor.size < 0 ? '' : formatBytes(descriptor.size);
    const instruction = createdBy === undefined ? '' : instructionOf(createdBy);
    const item = new TreeItem(`Layer ${number}`);
    item.id = this.id;
    item.contextValue = 'peel.layer';
    item.description = dotted(size, plainText(instruction), this.#state);
    item.iconPath = new ThemeIcon(this.#state ? ICONS[this.#state] : 'file-zip');
    item.tooltip = tooltip(
      `Layer ${number} of ${this.#of}`,
      [
        ['Digest', descriptor.digest],
        ['Diff ID', diffId],
        ['Size', size && `${size} (${descriptor.size.toLocaleString('en-US')} bytes, compressed)`],
        ['Type', descriptor.mediaType],
        ['Created', dotted(created, timeAgo(created, Date.now()))],
        ['State', this.#state],
        ['Fetched from', isForeignLayer(descriptor.mediaType) ? descriptor.urls?.join(', ') : ''],
      ],
      instruction,
    );
    item.accessibilityInformation = {
      label: dotted(`Layer ${number} of ${this.#of}`, size, this.#state, plainText(instruction)),
    };
    return item;
  }
}

const ICONS: Readonly<Record<LayerState, string>> = { downloaded: 'archive', extracted: 'folder-library' };
