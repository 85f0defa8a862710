import { ThemeIcon, TreeItem, TreeItemCollapsibleState } from 'vscode';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Reference } from '../../oci/reference.ts';
import { Lazy } from '../common/lazy.ts';
import { count } from '../common/text.ts';
import type { ImageRowNeeds } from '../filesView/rowNeeds.ts';
import { InfoNode } from '../tree/infoNode.ts';
import type { TreeContext, TreeNode } from '../tree/treeNode.ts';
import { AttachmentNode } from './attachmentNode.ts';
import { listAttached } from './attachments.ts';

/** `Attached`: artifacts attached to an image, such as signatures, SBOMs and attestations. */
export class AttachedNode implements TreeNode {
  readonly id: string;
  readonly parent: TreeNode;
  readonly argument = {};
  readonly #context: TreeContext<ImageRowNeeds>;
  readonly #reference: Reference;
  readonly #attached: Lazy<readonly Descriptor[]>;

  /** @param attestations those listed in the image's index */
  constructor(
    parent: TreeNode,
    context: TreeContext<ImageRowNeeds>,
    reference: Reference,
    digest: Digest,
    attestations: readonly Descriptor[],
  ) {
    this.id = `${parent.id}/Attached`;
    this.parent = parent;
    this.#context = context;
    this.#reference = reference;
    this.#attached = new Lazy(async signal => {
      const client = await context.needs.registries.clientFor(reference.registry);
      return [...attestations, ...(await listAttached(client, reference.repository, digest, signal))];
    });
  }

  toTreeItem(): TreeItem {
    const item = new TreeItem('Attached', TreeItemCollapsibleState.Collapsed);
    item.id = this.id;
    item.contextValue = 'peel.attached';
    item.iconPath = new ThemeIcon('link');
    item.tooltip =
      'Signatures, SBOMs and attestations that refer to this image. Peel shows signatures without verifying them.';
    const attached = this.#attached.current;
    if (attached) item.description = count(attached.length, 'item');
    return item;
  }

  async children(): Promise<readonly TreeNode[]> {
    const known = this.#attached.current !== undefined;
    const attached = await this.#attached.get();
    if (!known) this.#context.changed(this);
    if (attached.length === 0) return [new InfoNode(this, 'Nothing is attached')];
    return attached.map(descriptor => new AttachmentNode(this, this.#context, this.#reference, descriptor));
  }

  refresh(): void {
    this.#attached.reset();
  }
}
