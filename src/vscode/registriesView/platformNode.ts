import { ThemeIcon, TreeItem, TreeItemCollapsibleState } from 'vscode';
import type { PlatformEntry } from '../../oci/choosePlatform.ts';
import type { Digest } from '../../oci/digest.ts';
import { formatPlatform } from '../../oci/platform.ts';
import type { Reference } from '../../oci/reference.ts';
import type { CommandArgument } from '../common/argument.ts';
import { dotted, formatBytes, plainText } from '../common/text.ts';
import type { ImageRowNeeds } from '../filesView/rowNeeds.ts';
import { argumentFor, type ImageAddress } from '../registries/imageAddress.ts';
import { tooltip } from '../tree/tooltip.ts';
import type { TreeContext, TreeNode } from '../tree/treeNode.ts';
import { imageRows } from './imageRows.ts';

/** One platform of a multi-platform image. */
export class PlatformNode implements TreeNode {
  readonly id: string;
  readonly parent: TreeNode;
  readonly argument: CommandArgument;
  readonly digest: Digest;
  readonly #entry: PlatformEntry;
  readonly #address: ImageAddress;
  readonly #rows: readonly TreeNode[];
  /** Bytes of all layers, once the image's manifest was fetched. */
  #size: number | undefined;

  /** @param ambiguous the platform's name matches other entries too, so the digest is needed */
  constructor(
    parent: TreeNode,
    context: TreeContext<ImageRowNeeds>,
    reference: Reference,
    entry: PlatformEntry,
    ambiguous: boolean,
  ) {
    const { descriptor } = entry;
    this.id = `${parent.id}/${descriptor.digest}`;
    this.parent = parent;
    this.digest = descriptor.digest;
    this.#entry = entry;
    this.#address = {
      reference: ambiguous ? { ...reference, digest: descriptor.digest } : reference,
      ...(ambiguous ? {} : { platform: formatPlatform(entry.platform) }),
      digest: descriptor.digest,
      attestations: entry.attestations,
    };
    this.argument = argumentFor(this.#address);
    this.#rows = imageRows(this, context, this.#address);
  }

  /** Locates the image whose size this row shows. */
  get address(): ImageAddress {
    return this.#address;
  }

  set size(bytes: number) {
    this.#size = bytes;
  }

  get platform(): string {
    return plainText(formatPlatform(this.#entry.platform), 80);
  }

  toTreeItem(): TreeItem {
    const { platform, descriptor } = this.#entry;
    const size = this.#size === undefined ? '' : formatBytes(this.#size);
    const item = new TreeItem(this.platform, TreeItemCollapsibleState.Collapsed);
    item.id = this.id;
    item.contextValue = 'peel.platform';
    item.description = size;
    item.iconPath = new ThemeIcon('chip');
    item.tooltip = tooltip(this.platform, [
      ['Digest', descriptor.digest],
      ['Size', size && `${size} (compressed layers)`],
      ['Type', descriptor.mediaType],
      ['Needs', platform['os.features']?.join(', ')],
    ]);
    item.accessibilityInformation = { label: dotted(`Platform ${this.platform}`, size) };
    return item;
  }

  async children(): Promise<readonly TreeNode[]> {
    return this.#rows;
  }

  refresh(): void {
    for (const row of this.#rows) row.refresh?.();
  }
}
