import { ThemeIcon, TreeItem, TreeItemCollapsibleState } from 'vscode';
import { platformsOf, type PlatformEntry } from '../../oci/choosePlatform.ts';
import { isImage } from '../../oci/config.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Index, Manifest } from '../../oci/manifest.ts';
import { formatPlatform } from '../../oci/platform.ts';
import { formatReference, type Reference } from '../../oci/reference.ts';
import type { Opened } from '../../resolve/openReference.ts';
import type { CommandArgument } from '../common/argument.ts';
import { COMMANDS } from '../common/ids.ts';
import { Lazy } from '../common/lazy.ts';
import { count, dotted, plainText } from '../common/text.ts';
import { DocumentNode } from '../documents/documentNode.ts';
import type { ImageRowNeeds } from '../filesView/rowNeeds.ts';
import { argumentFor, type ImageAddress } from '../registries/imageAddress.ts';
import { InfoNode } from '../tree/infoNode.ts';
import { tooltip } from '../tree/tooltip.ts';
import type { TreeContext, TreeNode } from '../tree/treeNode.ts';
import { artifactRows } from './artifactRows.ts';
import { AttachedNode } from './attachedNode.ts';
import { imageRows } from './imageRows.ts';
import { PlatformNode } from './platformNode.ts';
import { fillSizes } from './platformSizes.ts';

/** A tag, or a digest that the user opened. It opens to an image, its platforms, or an artifact. */
export class TagNode implements TreeNode {
  readonly id: string;
  readonly parent: TreeNode;
  readonly argument: CommandArgument;
  readonly reference: Reference;
  readonly #context: TreeContext<ImageRowNeeds>;
  readonly #opened: Lazy<Opened>;
  readonly #rows: Lazy<readonly TreeNode[]>;

  constructor(parent: TreeNode, context: TreeContext<ImageRowNeeds>, reference: Reference) {
    this.id = `${parent.id}/${reference.tag ?? ''}@${reference.digest ?? ''}`;
    this.parent = parent;
    this.reference = reference;
    this.argument = argumentFor({
      reference,
      attestations: [],
      ...(reference.digest ? { digest: reference.digest } : {}),
    });
    this.#context = context;
    this.#opened = new Lazy(signal => context.needs.lookup.open(reference, signal));
    this.#rows = new Lazy(signal => this.#load(signal));
  }

  toTreeItem(): TreeItem {
    const { tag, digest } = this.reference;
    const label = tag === undefined ? plainText(digest ?? '', 19) : digest ? `${tag}@${digest.slice(0, 19)}` : tag;
    const opened = this.#opened.current;
    const kind = opened ? describeManifest(opened.manifest) : undefined;
    const item = new TreeItem(label, TreeItemCollapsibleState.Collapsed);
    item.id = this.id;
    item.contextValue = kind?.artifact ? 'peel.artifact' : 'peel.tag';
    if (kind) item.description = kind.text;
    item.iconPath = new ThemeIcon(kind?.artifact ? 'file-binary' : tag === undefined ? 'git-commit' : 'tag');
    item.tooltip = tooltip(formatReference(this.reference), [
      ['Digest', opened?.digest],
      ['Type', opened?.mediaType],
      ['Signed by', this.#context.needs.signers.of(opened?.digest ?? digest)],
    ]);
    const signer = this.#context.needs.signers.of(opened?.digest ?? digest);
    if (signer !== undefined) item.description = dotted(kind?.text, `✓ ${plainText(signer, 120)}`);
    item.accessibilityInformation = { label: dotted(`Tag ${label}`, kind?.text, signer && `signed by ${signer}`) };
    return item;
  }

  children(): Promise<readonly TreeNode[]> {
    return this.#rows.get();
  }

  /** The row of a platform as commands name it; `undefined` if the image isn't multi-platform. */
  async platform(text: string): Promise<TreeNode | undefined> {
    const rows = await this.children();
    return rows.find(row => row instanceof PlatformNode && row.platform === text);
  }

  refresh(): void {
    this.#context.needs.lookup.forget(this.reference);
    this.#opened.reset();
    this.#rows.reset();
  }

  async #load(signal: AbortSignal): Promise<readonly TreeNode[]> {
    const opened = await this.#opened.get();
    // Redraws this row with its kind, or the registry's row with its remaining rate limit.
    const limited = await this.#context.needs.registries.rateLimitOf(this.reference.registry);
    this.#context.changed((limited && this.parent.parent) ?? this);
    const { manifest, digest } = opened;
    if (manifest.kind === 'index') return this.#platforms(manifest, digest, signal);
    const address: ImageAddress = { reference: this.reference, digest, attestations: [] };
    if (manifest.kind === 'image' && !isImage(manifest)) return artifactRows(this, address, manifest);
    return imageRows(this, this.#context, address);
  }

  async #platforms(index: Index, digest: Digest, signal: AbortSignal): Promise<readonly TreeNode[]> {
    const entries = await this.#context.needs.lookup.platforms(this.reference, index);
    const missing = platformsOf(index).length - entries.length;
    const nodes = entries.map(
      entry => new PlatformNode(this, this.#context, this.reference, entry, isAmbiguous(entry, entries)),
    );
    fillSizes(this.#context, this.reference.registry, nodes, signal);
    const argument = argumentFor({ reference: this.reference, attestations: [] });
    return [
      ...nodes,
      ...(missing > 0 ? [new InfoNode(this, `${count(missing, 'more platform')} not in this archive`)] : []),
      new DocumentNode(this, {
        label: 'Manifest',
        description: 'the list of platforms',
        argument,
        command: { command: COMMANDS.showManifest, title: 'Show Manifest' },
        facts: [
          ['Digest', digest],
          ['Type', index.mediaType],
        ],
      }),
      new AttachedNode(this, this.#context, this.reference, {
        manifests: [digest],
        attestations: entries.flatMap(({ attestations }) => attestations),
      }),
    ];
  }
}

/** True if the platform's name doesn't identify this entry. */
function isAmbiguous({ platform }: PlatformEntry, entries: readonly PlatformEntry[]): boolean {
  if (platform.os === 'unknown' || platform['os.version'] || platform['os.features']?.length) return true;
  const name = formatPlatform(platform);
  return entries.filter(entry => formatPlatform(entry.platform) === name).length > 1;
}

function describeManifest(manifest: Manifest): { readonly text: string; readonly artifact: boolean } {
  if (manifest.kind === 'schema1') {
    return { text: dotted(plainText(manifest.architecture, 40), 'schema 1'), artifact: false };
  }
  if (manifest.kind === 'index') {
    const entries = platformsOf(manifest);
    const [only] = entries;
    const text = only && entries.length === 1 ? formatPlatform(only.platform) : count(entries.length, 'platform');
    return { text: plainText(text, 80), artifact: false };
  }
  if (!isImage(manifest)) {
    return { text: plainText(manifest.artifactType ?? manifest.config.mediaType, 120), artifact: true };
  }
  return { text: count(manifest.layers.length, 'layer'), artifact: false };
}
