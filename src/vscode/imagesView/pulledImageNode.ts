import { join } from 'node:path';
import { ThemeColor, ThemeIcon, TreeItem, TreeItemCollapsibleState } from 'vscode';
import { familiarName, parseReference } from '../../oci/reference.ts';
import type { ImageFolder } from '../../pull/imageFolder.ts';
import type { CommandArgument } from '../common/argument.ts';
import { dotted, formatBytes, plainText } from '../common/text.ts';
import { DocumentNode } from '../documents/documentNode.ts';
import { folderUri } from '../documents/jsonUri.ts';
import { describeLayers } from '../filesView/layersNode.ts';
import type { ImageOnDisk } from '../images/pulledImages.ts';
import { tooltip } from '../tree/tooltip.ts';
import type { TreeNode } from '../tree/treeNode.ts';
import { MergedNode } from './mergedNode.ts';
import { PulledLayersNode } from './pulledLayersNode.ts';

/** A pulled image's state, which ends the context value that menus match. */
type State = 'mounted' | 'extracted' | 'incomplete';

/** One pulled image in the Images view. */
export class PulledImageNode implements TreeNode {
  readonly id: string;
  readonly parent = undefined;
  /** The state on disk; replaced when it changes. */
  image: ImageOnDisk;
  readonly #merged: MergedNode;
  readonly #layers: PulledLayersNode;

  constructor(image: ImageOnDisk) {
    this.id = `image:${image.folder}`;
    this.image = image;
    this.#merged = new MergedNode(this, image.folder);
    this.#layers = new PulledLayersNode(this, image.folder, () => this.image.image.layers);
  }

  get argument(): CommandArgument {
    const { folder, image } = this.image;
    return { folder, reference: image.reference, platform: image.platform, digest: image.digest };
  }

  /** The image's short name, and the rest, which is shown after more important facts. */
  get #name(): { readonly short: string; readonly place: string } {
    const { image } = this.image;
    try {
      const familiar = familiarName(parseReference(image.reference));
      const slash = familiar.lastIndexOf('/');
      return { short: familiar.slice(slash + 1), place: familiar.slice(0, Math.max(0, slash)) };
    } catch {
      // The file is part of a workspace and may contain anything.
      return { short: plainText(image.reference, 120), place: '' };
    }
  }

  get state(): State {
    const { image, mount } = this.image;
    if (mount.mounted) return 'mounted';
    return image.complete ? 'extracted' : 'incomplete';
  }

  get location(): string {
    return this.image.folder;
  }

  toTreeItem(): TreeItem {
    const { image, folder } = this.image;
    const { state } = this;
    const { short, place } = this.#name;
    const size = totalSize(image);
    const item = new TreeItem(plainText(short, 200), TreeItemCollapsibleState.Collapsed);
    item.id = this.id;
    item.contextValue = `peel.image.${state}`;
    item.description = dotted(
      WORDS[state],
      plainText(image.platform, 60),
      size === undefined ? '' : formatBytes(size),
      place,
    );
    const color = COLORS[state];
    item.iconPath = new ThemeIcon(ICONS[state], color === undefined ? undefined : new ThemeColor(color));
    item.tooltip = tooltip(short, [
      ['State', WORDS[state]],
      ['Platform', image.platform],
      ['Layers', describeLayers(image.layers.map(layer => layer.size))],
      ['Digest', image.digest],
      ['Reference', image.reference],
      ['Folder', folder],
    ]);
    item.accessibilityInformation = { label: dotted(`Image ${plainText(short, 200)}`, item.description) };
    return item;
  }

  async children(): Promise<readonly TreeNode[]> {
    const { image } = this.image;
    return [
      ...(this.state === 'mounted' ? [this.#merged] : []),
      this.#layers,
      ...(image.complete ? [this.#document('Manifest'), this.#document('Config')] : []),
    ];
  }

  refresh(): void {
    this.#merged.refresh();
    this.#layers.refresh();
  }

  #document(label: 'Manifest' | 'Config'): TreeNode {
    const { folder } = this.image;
    const uri = folderUri(label === 'Manifest' ? 'manifest' : 'config', folder);
    return new DocumentNode(this, {
      label,
      argument: { folder },
      command: { command: 'vscode.open', title: 'Open', arguments: [uri] },
      facts: [['From', join(folder, 'index.json')]],
    });
  }
}

/** Bytes of the compressed layers; `undefined` if one is unknown. */
function totalSize(image: ImageFolder): number | undefined {
  if (image.layers.some(layer => layer.size < 0)) return undefined;
  return image.layers.reduce((sum, layer) => sum + layer.size, 0);
}

const WORDS: Readonly<Record<State, string>> = {
  mounted: 'mounted',
  extracted: 'extracted',
  incomplete: 'incomplete',
};

const COLORS: Readonly<Partial<Record<State, string>>> = {
  mounted: 'charts.green',
  incomplete: 'list.warningForeground',
};

const ICONS: Readonly<Record<State, string>> = {
  mounted: 'vm-running',
  extracted: 'package',
  incomplete: 'sync-ignored',
};
