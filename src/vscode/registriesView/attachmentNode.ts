import { ThemeIcon, TreeItem, TreeItemCollapsibleState } from 'vscode';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Reference } from '../../oci/reference.ts';
import type { CommandArgument } from '../common/argument.ts';
import { Lazy } from '../common/lazy.ts';
import { plainText } from '../common/text.ts';
import type { ImageRowNeeds } from '../filesView/rowNeeds.ts';
import { argumentFor, type ImageAddress } from '../registries/imageAddress.ts';
import { tooltip } from '../tree/tooltip.ts';
import type { TreeContext, TreeNode } from '../tree/treeNode.ts';
import { artifactRows } from './artifactRows.ts';
import { nameOfAttachment } from './attachments.ts';

/** An artifact attached to an image. It opens to its manifest and files. */
export class AttachmentNode implements TreeNode {
  readonly id: string;
  readonly parent: TreeNode;
  readonly argument: CommandArgument;
  readonly #descriptor: Descriptor;
  readonly #rows: Lazy<readonly TreeNode[]>;

  constructor(
    parent: TreeNode,
    context: TreeContext<ImageRowNeeds>,
    { registry, repository }: Reference,
    descriptor: Descriptor,
  ) {
    const { digest } = descriptor;
    const address: ImageAddress = { reference: { registry, repository, digest }, digest, attestations: [] };
    this.id = `${parent.id}/${digest}`;
    this.parent = parent;
    this.argument = argumentFor(address);
    this.#descriptor = descriptor;
    this.#rows = new Lazy(async signal => {
      const { manifest } = await context.needs.lookup.open(address.reference, signal);
      return artifactRows(this, address, manifest);
    });
  }

  toTreeItem(): TreeItem {
    const { digest, mediaType, artifactType, annotations = {} } = this.#descriptor;
    const name = nameOfAttachment(this.#descriptor);
    const item = new TreeItem(name.label, TreeItemCollapsibleState.Collapsed);
    item.id = this.id;
    item.contextValue = 'peel.attachment';
    item.description = plainText(name.detail, 120);
    item.iconPath = new ThemeIcon(name.icon);
    item.tooltip = tooltip(name.label, [
      ['Digest', digest],
      ['Artifact type', artifactType],
      ['Type', mediaType],
      ...Object.entries(annotations).slice(0, 20),
    ]);
    return item;
  }

  children(): Promise<readonly TreeNode[]> {
    return this.#rows.get();
  }

  refresh(): void {
    this.#rows.reset();
  }
}
