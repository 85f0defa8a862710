import { ThemeIcon, TreeItem, TreeItemCollapsibleState } from 'vscode';
import type { Layer } from '../../oci/layer.ts';
import { isForeignLayer } from '../../oci/mediaTypes.ts';
import type { CommandArgument } from '../commands/argument.ts';
import type { LayerState } from '../layerStates.ts';
import { instructionOf } from './createdBy.ts';
import { contextValue } from './contextValue.ts';
import { FileFolder } from './fileNode.ts';
import { layerView } from './fileViews.ts';
import { argumentFor, type ImagePlace } from './imagePlace.ts';
import { dotted, formatBytes, plainText, timeAgo } from './text.ts';
import { tooltip } from './tooltip.ts';
import type { FilteredNode, PagedNode, TreeContext, TreeNode } from './treeNode.ts';

/** One layer of an image in a registry. It opens to its own files, without being extracted. */
export class LayerNode implements PagedNode, FilteredNode {
  readonly id: string;
  readonly parent: TreeNode;
  readonly argument: CommandArgument;
  readonly #layer: Layer;
  readonly #of: number;
  readonly #state: LayerState | undefined;
  readonly #folder: FileFolder;

  /** @param of how many layers the image has */
  constructor(
    parent: TreeNode,
    context: TreeContext,
    place: ImagePlace,
    layer: Layer,
    of: number,
    state: LayerState | undefined,
  ) {
    this.id = `${parent.id}/${layer.number}`;
    this.parent = parent;
    this.argument = { ...argumentFor(place), layer: layer.number, digest: layer.descriptor.digest };
    this.#layer = layer;
    this.#of = of;
    this.#state = state;
    this.#folder = new FileFolder(
      layerView(context, place, layer.number, () => context.changed(this)),
      '',
    );
  }

  get filter(): string {
    return this.#folder.filter;
  }

  set filter(text: string) {
    this.#folder.filter = text;
  }

  children(): Promise<readonly TreeNode[]> {
    return this.#folder.rows(this);
  }

  async loadMore(): Promise<void> {
    this.#folder.more();
  }

  refresh(): void {
    this.#folder.view.reset();
    this.#folder.reset();
  }

  toTreeItem(): TreeItem {
    const { number, descriptor, diffId, createdBy, created } = this.#layer;
    const size = descriptor.size < 0 ? '' : formatBytes(descriptor.size);
    const instruction = createdBy === undefined ? '' : instructionOf(createdBy);
    const item = new TreeItem(`Layer ${number}`, TreeItemCollapsibleState.Collapsed);
    item.id = this.id;
    item.contextValue = contextValue('peel.layer', { filtered: this.filter !== '' });
    item.description = dotted(size, plainText(instruction), this.#state, this.filter && `filter: ${this.filter}`);
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
