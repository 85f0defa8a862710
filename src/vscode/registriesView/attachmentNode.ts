import { ThemeIcon, TreeItem, TreeItemCollapsibleState } from 'vscode';
import { shortDigest } from '../../oci/digest.ts';
import type { ImageManifest } from '../../oci/manifest.ts';
import type { Reference } from '../../oci/reference.ts';
import type { Attached } from '../../trust/attached.ts';
import type { CommandArgument } from '../common/argument.ts';
import { Lazy } from '../common/lazy.ts';
import { plainText } from '../common/text.ts';
import type { ImageRowNeeds } from '../filesView/rowNeeds.ts';
import { argumentFor, type ImageAddress } from '../registries/imageAddress.ts';
import { tooltip } from '../tree/tooltip.ts';
import type { TreeContext, TreeNode } from '../tree/treeNode.ts';
import { labelOfAttached } from '../trust/attachedLabel.ts';
import { artifactRows } from './artifactRows.ts';

/**
 * An artifact attached to an image. It opens to its manifest and files, and to what its statements
 * say in plain words.
 */
export class AttachmentNode implements TreeNode {
  readonly id: string;
  readonly parent: TreeNode;
  readonly argument: CommandArgument;
  readonly #attached: Attached;
  readonly #rows: Lazy<readonly TreeNode[]>;

  constructor(
    parent: TreeNode,
    context: TreeContext<ImageRowNeeds>,
    { registry, repository }: Reference,
    attached: Attached,
  ) {
    const { digest } = attached.descriptor;
    const address: ImageAddress = { reference: { registry, repository, digest }, digest, attestations: [] };
    this.id = `${parent.id}/${digest}`;
    this.parent = parent;
    this.argument = argumentFor(address);
    this.#attached = attached;
    this.#rows = new Lazy(async signal => {
      const { manifest } = await context.needs.lookup.open(address.reference, signal);
      const tells = manifest.kind === 'image' && !['other', 'soci'].includes(attached.kind);
      const said = tells ? await this.#said(context, address, manifest, signal) : [];
      return [...said, ...artifactRows(this, address, manifest)];
    });
  }

  toTreeItem(): TreeItem {
    const { descriptor, subject, predicateType } = this.#attached;
    const { digest, mediaType, artifactType, annotations = {} } = descriptor;
    const { label, icon } = labelOfAttached(this.#attached);
    const detail = plainText(predicateType ?? artifactType ?? shortDigest(digest), 120);
    const item = new TreeItem(label, TreeItemCollapsibleState.Collapsed);
    item.id = this.id;
    item.contextValue = 'peel.attachment';
    item.description = detail;
    item.iconPath = new ThemeIcon(icon);
    item.tooltip = tooltip(label, [
      ['Digest', digest],
      ['About', subject],
      ['Artifact type', artifactType],
      ['Predicate', predicateType],
      ['Type', mediaType],
      ...Object.entries(annotations).slice(0, 20),
    ]);
    item.accessibilityInformation = { label: `${label}, ${detail}` };
    return item;
  }

  children(): Promise<readonly TreeNode[]> {
    return this.#rows.get();
  }

  refresh(): void {
    this.#rows.reset();
  }

  /** Rows for what the artifact's statements say. */
  async #said(
    context: TreeContext<ImageRowNeeds>,
    address: ImageAddress,
    manifest: ImageManifest,
    signal: AbortSignal,
  ): Promise<readonly TreeNode[]> {
    const { statementRows } = await import('./statementRows.ts');
    return statementRows(this, context, address, manifest, signal);
  }
}
