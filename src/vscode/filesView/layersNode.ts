import { ThemeIcon, TreeItem, TreeItemCollapsibleState } from 'vscode';
import type { Layer } from '../../oci/layer.ts';
import type { CommandArgument } from '../common/argument.ts';
import { Lazy } from '../common/lazy.ts';
import { count, dotted, formatBytes } from '../common/text.ts';
import type { LayerState } from '../images/layerStates.ts';
import { argumentFor, resolveAddress, type ImageAddress } from '../registries/imageAddress.ts';
import { InfoNode } from '../tree/infoNode.ts';
import type { TreeContext, TreeNode } from '../tree/treeNode.ts';
import { LayerNode } from './layerNode.ts';
import type { ImageRowNeeds } from './rowNeeds.ts';

/** `Layers`: the layers of an image in a registry, base first. */
export class LayersNode implements TreeNode {
  readonly id: string;
  readonly parent: TreeNode;
  readonly argument: CommandArgument;
  readonly #context: TreeContext<ImageRowNeeds>;
  readonly #address: ImageAddress;
  readonly #layers: Lazy<readonly Layer[]>;
  /** Reused, so that what is open below them stays open. */
  #rows: readonly LayerNode[] = [];

  constructor(parent: TreeNode, context: TreeContext<ImageRowNeeds>, address: ImageAddress) {
    this.id = `${parent.id}/Layers`;
    this.parent = parent;
    this.argument = argumentFor(address);
    this.#context = context;
    this.#address = address;
    this.#layers = new Lazy(async signal => {
      return (await resolveAddress(context.needs.lookup, address, signal)).layers;
    });
  }

  toTreeItem(): TreeItem {
    const item = new TreeItem('Layers', TreeItemCollapsibleState.Collapsed);
    item.id = this.id;
    item.contextValue = 'peel.layers';
    item.iconPath = new ThemeIcon('layers');
    item.tooltip = 'The layers of the image, base first';
    const layers = this.#layers.current;
    const description = layers && describeLayers(layers.map(layer => layer.descriptor.size));
    if (description) item.description = description;
    item.accessibilityInformation = { label: dotted('Layers', description) };
    return item;
  }

  async children(): Promise<readonly TreeNode[]> {
    const known = this.#layers.current !== undefined;
    const layers = await this.#layers.get();
    if (!known) this.#context.changed(this);
    const states = await this.#context.needs.layerStates.of(layers.map(layer => layer.descriptor.digest));
    if (layers.length === 0) return [new InfoNode(this, 'No layers', { tooltip: 'This image has no files.' })];
    this.#rows = layers.map(layer => this.#rowOf(layer, layers.length, states.get(layer.descriptor.digest)));
    return this.#rows;
  }

  refresh(): void {
    this.#layers.reset();
    this.#rows = [];
  }

  #rowOf(layer: Layer, of: number, state: LayerState | undefined): LayerNode {
    const known = this.#rows.find(row => row.layer === layer);
    if (known) known.state = state;
    return known ?? new LayerNode(this, this.#context, this.#address, layer, of, state);
  }
}

/** `3 layers · 52 MB`; no size if the manifest lacks one (-1, schema 1). */
export function describeLayers(sizes: readonly number[]): string {
  const known = sizes.filter(size => size >= 0);
  const total = known.reduce((sum, size) => sum + size, 0);
  return dotted(count(sizes.length, 'layer'), known.length === sizes.length && formatBytes(total));
}
