import { ThemeIcon, TreeItem, TreeItemCollapsibleState, Uri } from 'vscode';
import type { CommandArgument } from '../common/argument.ts';
import { contextValue } from '../tree/contextValue.ts';
import { listDiskFolder, type DiskEntry } from './diskFolder.ts';
import { FolderRow, type RowFolder } from '../tree/folderRow.ts';
import { InfoNode } from '../tree/infoNode.ts';
import { LoadMoreNode } from '../tree/loadMoreNode.ts';
import { ChunkedList } from '../tree/chunkedList.ts';
import { dotted, formatBytes, plainText } from '../common/text.ts';
import { passes, type PagedNode, type TreeNode } from '../tree/treeNode.ts';

/** A folder of the real file system that is shown as an image's: a layer's, or the mounted image's. Links are followed within `root` only. */
export class DiskFolder implements RowFolder {
  readonly root: string;
  readonly path: string;
  #filter = '';
  readonly #pages: ChunkedList<DiskEntry>;

  constructor(root: string, path: string) {
    this.root = root;
    this.path = path;
    this.#pages = new ChunkedList(cursor => listDiskFolder(root, path, name => passes(this.filter, name), cursor));
  }

  get filter(): string {
    return this.#filter;
  }

  set filter(text: string) {
    this.#filter = text;
    this.reset();
  }

  async rows(node: PagedNode): Promise<readonly TreeNode[]> {
    await this.#pages.first();
    const rows: TreeNode[] = this.#pages.items.map(entry => new DiskNode(node, this, entry));
    if (this.#pages.hasMore) rows.push(new LoadMoreNode(node));
    if (rows.length > 0) return rows;
    return [new InfoNode(node, this.filter ? 'Nothing here passes the filter' : 'Empty folder')];
  }

  async more(): Promise<void> {
    await this.#pages.more();
    if (this.#pages.failure) throw this.#pages.failure;
  }

  reset(): void {
    this.#pages.reset();
  }
}

/** An entry of a {@link DiskFolder}: a folder that opens below, or a file that opens in an editor. */
export class DiskNode extends FolderRow {
  readonly id: string;
  readonly parent: TreeNode;
  readonly argument: CommandArgument;
  protected readonly folder: DiskFolder | undefined;
  readonly #entry: DiskEntry;

  constructor(parent: TreeNode, folder: DiskFolder, entry: DiskEntry) {
    super();
    this.id = `${parent.id}/${entry.name}`;
    this.parent = parent;
    this.argument = { path: `${folder.path}/${entry.name}` };
    this.#entry = entry;
    const path = `${folder.path}/${entry.name}`;
    this.folder = entry.kind === 'folder' ? new DiskFolder(folder.root, path) : undefined;
  }

  override get name(): string {
    return this.#entry.name;
  }

  toTreeItem(): TreeItem {
    const { name, kind, size, linkTarget, location } = this.#entry;
    const isFolder = kind === 'folder';
    const collapsed = isFolder ? TreeItemCollapsibleState.Collapsed : TreeItemCollapsibleState.None;
    const item = new TreeItem(plainText(name, 255), collapsed);
    item.id = this.id;
    item.contextValue = contextValue(`peel.disk.${kind}`, { filtered: this.filter !== '' });
    const link = linkTarget === undefined ? '' : `→ ${plainText(linkTarget, 255)}`;
    const note = NOTES[kind] ?? '';
    item.description = dotted(
      link,
      size === undefined ? '' : formatBytes(size),
      note,
      this.filter && `filter: ${this.filter}`,
    );
    item.tooltip = dotted(plainText(this.argument.path ?? '', 1_000), item.description);
    const icon = ICONS[kind];
    if (icon) item.iconPath = new ThemeIcon(icon);
    else {
      // The file icon theme picks the icon by the name.
      item.resourceUri = Uri.file(location);
      item.iconPath = isFolder ? ThemeIcon.Folder : ThemeIcon.File;
    }
    if (kind === 'file') {
      item.command = { command: 'vscode.open', title: 'Open', arguments: [Uri.file(location)] };
    }
    item.accessibilityInformation = {
      label: dotted(plainText(name, 255), isFolder ? 'folder' : kind, item.description),
    };
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
