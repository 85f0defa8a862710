import { Uri, type TreeItem } from 'vscode';
import type { CommandArgument } from '../common/argument.ts';
import { dotted, formatBytes, plainText } from '../common/text.ts';
import { contextValue } from '../tree/contextValue.ts';
import { entryItem, FolderRow, RowFolder } from '../tree/folderRow.ts';
import type { TreeNode } from '../tree/treeNode.ts';
import { listDiskFolder, type DiskEntry, type DiskName } from './diskFolder.ts';

/**
 * A folder on disk shown as an image's: a layer's, or the mounted image's. Links are followed
 * within `root` only.
 */
export class DiskFolder extends RowFolder<DiskName> {
  readonly root: string;
  readonly path: string;

  constructor(root: string, path: string) {
    super();
    this.root = root;
    this.path = path;
  }

  protected async list(): Promise<{ readonly items: readonly DiskName[] }> {
    return { items: await listDiskFolder(this.root, this.path) };
  }

  protected async rowOf(parent: TreeNode, name: DiskName): Promise<FolderRow> {
    return new DiskNode(parent, this, await name.describe());
  }

  protected emptyLabel(): string {
    return 'Empty folder';
  }
}

/** An entry of a {@link DiskFolder}. */
export class DiskNode extends FolderRow {
  readonly id: string;
  readonly parent: TreeNode;
  readonly argument: CommandArgument;
  protected readonly folder: DiskFolder | undefined;
  readonly #path: string;
  readonly #entry: DiskEntry;

  constructor(parent: TreeNode, folder: DiskFolder, entry: DiskEntry) {
    super();
    this.id = `${parent.id}/${entry.name}`;
    this.parent = parent;
    this.#path = `${folder.path}/${entry.name}`;
    this.argument = { path: this.#path };
    this.#entry = entry;
    this.folder = entry.kind === 'folder' ? new DiskFolder(folder.root, this.#path) : undefined;
  }

  get location(): string {
    return this.#entry.location;
  }

  override get name(): string {
    return this.#entry.name;
  }

  toTreeItem(): TreeItem {
    const { name, kind, size, linkTarget, location } = this.#entry;
    const link = linkTarget === undefined ? '' : `→ ${plainText(linkTarget, 255)}`;
    const item = entryItem(this.id, {
      name,
      path: this.#path,
      isFolder: kind === 'folder',
      description: dotted(link, size === undefined ? '' : formatBytes(size), NOTES[kind], this.filterNote),
      icon: ICONS[kind],
      spoken: kind,
      uri: Uri.file(location),
      opens: kind === 'file',
    });
    item.contextValue = contextValue(`peel.disk.${kind}`, { filtered: this.filter !== '' });
    return item;
  }
}

const NOTES: Readonly<Partial<Record<DiskEntry['kind'], string>>> = {
  deleted: 'deleted here',
  dangling: 'leads to nothing here',
  special: 'device, pipe or socket',
};

const ICONS: Readonly<Partial<Record<DiskEntry['kind'], string>>> = {
  deleted: 'diff-removed',
  dangling: 'warning',
  special: 'plug',
};
