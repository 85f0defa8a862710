import { ThemeIcon, TreeItem, TreeItemCollapsibleState } from 'vscode';
import type { Reference } from '../../oci/reference.ts';
import type { Attached } from '../../trust/attached.ts';
import type { Subjects } from '../../trust/listAttached.ts';
import type { CommandArgument } from '../common/argument.ts';
import { Lazy } from '../common/lazy.ts';
import { count } from '../common/text.ts';
import type { ImageRowNeeds } from '../filesView/rowNeeds.ts';
import { attachedSource } from '../registries/attachedSource.ts';
import { argumentFor } from '../registries/imageAddress.ts';
import { InfoNode } from '../tree/infoNode.ts';
import type { TreeContext, TreeNode } from '../tree/treeNode.ts';
import { AttachmentNode } from './attachmentNode.ts';

/** `Attached`: artifacts attached to an image, such as signatures, SBOMs and attestations. */
export class AttachedNode implements TreeNode {
  readonly id: string;
  readonly parent: TreeNode;
  readonly argument: CommandArgument;
  readonly #context: TreeContext<ImageRowNeeds>;
  readonly #reference: Reference;
  readonly #attached: Lazy<readonly Attached[]>;

  /** @param subjects the manifest of the row above, and its attestations in the index */
  constructor(parent: TreeNode, context: TreeContext<ImageRowNeeds>, reference: Reference, subjects: Subjects) {
    const { registry, repository } = reference;
    this.id = `${parent.id}/Attached`;
    this.parent = parent;
    this.argument = argumentFor({ reference, attestations: [] });
    this.#context = context;
    this.#reference = reference;
    this.#attached = new Lazy(async signal => {
      const { listAttached } = await import('../../trust/listAttached.ts');
      return listAttached(await attachedSource(registry, context.needs), repository, subjects, signal);
    });
  }

  toTreeItem(): TreeItem {
    const attached = this.#attached.current;
    const text = attached && count(attached.length, 'item');
    const item = new TreeItem('Attached', TreeItemCollapsibleState.Collapsed);
    item.id = this.id;
    item.contextValue = 'peel.attached';
    item.iconPath = new ThemeIcon('link');
    item.tooltip =
      'Signatures, SBOMs and attestations that refer to this image. "Verify Signature…" checks who signed.';
    item.accessibilityInformation = { label: ['Attached', text].filter(Boolean).join(', ') };
    if (text) item.description = text;
    return item;
  }

  async children(): Promise<readonly TreeNode[]> {
    const known = this.#attached.current !== undefined;
    const attached = await this.#attached.get();
    if (!known) this.#context.changed(this);
    if (attached.length === 0) return [new InfoNode(this, 'Nothing is attached')];
    return attached.map(item => new AttachmentNode(this, this.#context, this.#reference, item));
  }

  refresh(): void {
    this.#attached.reset();
  }
}
