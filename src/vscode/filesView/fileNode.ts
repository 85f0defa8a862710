import { ThemeIcon, TreeItem, TreeItemCollapsibleState } from 'vscode';
import type { CommandArgument } from '../common/argument.ts';
import { contextValue } from '../tree/contextValue.ts';
import type { FileItem, FileRow, FileView, FolderItems } from './fileViews.ts';
import { firstInOrder } from '../tree/firstInOrder.ts';
import { FolderRow, type RowFolder } from '../tree/folderRow.ts';
import { InfoNode } from '../tree/infoNode.ts';
import { LoadMoreNode } from '../tree/loadMoreNode.ts';
import { compareNames } from '../common/nameOrder.ts';
import { ReadingNode } from './readingNode.ts';
import { dotted, formatBytes, plainText } from '../common/text.ts';
import { passes, type PagedNode, type TreeNode } from '../tree/treeNode.ts';

/** As many rows at once as a person looks through. */
const PAGE = 500;

/** A folder of an image that was not pulled, listed when somebody opens it, a part at a time. */
export class FileFolder implements RowFolder {
  readonly view: FileView;
  readonly #path: string;
  #filter = '';
  #shown = PAGE;
  /** What passes the filter, in no order; kept as soon as nothing more comes. */
  #items: readonly FileItem[] | undefined;
  /** The rows that were seen, for what is open below them is to stay open. */
  #nodes: ReadonlyMap<string, FileNode> = new Map();

  constructor(view: FileView, path: string) {
    this.view = view;
    this.#path = path;
  }

  get filter(): string {
    return this.#filter;
  }

  set filter(text: string) {
    this.#filter = text;
    this.#shown = PAGE;
    this.#items = undefined;
  }

  async rows(node: PagedNode): Promise<readonly TreeNode[]> {
    const { items, reading } = this.#items ? { items: this.#items } : await this.#list();
    const seen = firstInOrder(items, this.#shown, byKindAndName);
    const shown = seen.map(item => this.#nodeOf(node, item.row()));
    this.#nodes = new Map(shown.map(row => [row.name, row]));
    const rows: TreeNode[] =
      reading && this.#path === '' ? [new ReadingNode(node, reading, () => this.view.stop())] : [];
    rows.push(...shown);
    if (items.length > this.#shown) rows.push(new LoadMoreNode(node));
    if (rows.length > 0) return rows;
    return [
      new InfoNode(node, this.#filter ? 'Nothing here passes the filter' : reading ? 'No files yet' : 'No files'),
    ];
  }

  whole(): Promise<void> {
    return this.view.whole();
  }

  async more(): Promise<void> {
    this.#shown += PAGE;
  }

  reset(): void {
    this.#shown = PAGE;
    this.#items = undefined;
    this.#nodes = new Map();
  }

  async #list(): Promise<FolderItems> {
    const { items: all, reading } = await this.view.list(this.#path);
    const items = all.filter(({ name }) => passes(this.#filter, name));
    if (reading) return { items, reading };
    this.#items = items;
    return { items };
  }

  #nodeOf(parent: TreeNode, row: FileRow): FileNode {
    const known = this.#nodes.get(row.name);
    return known?.parent === parent && known.show(row) ? known : new FileNode(parent, this.view, row);
  }
}

function byKindAndName(one: FileItem, other: FileItem): number {
  const folders = Number(other.isFolder) - Number(one.isFolder);
  return folders || compareNames(one.name, other.name);
}

/** An entry of a {@link FileFolder}: a folder, or a link to one, opens below; a file opens in an editor. */
export class FileNode extends FolderRow {
  readonly id: string;
  readonly parent: TreeNode;
  readonly argument: CommandArgument;
  protected readonly folder: FileFolder | undefined;
  #row: FileRow;

  constructor(parent: TreeNode, view: FileView, row: FileRow) {
    super();
    this.id = `${parent.id}/${row.name}`;
    this.parent = parent;
    this.argument = { ...view.argument, path: row.facts.path };
    this.#row = row;
    // Below a link the paths are those of what it leads to, so that links in a circle do not make endless paths.
    this.folder = kindOf(row) === 'folder' ? new FileFolder(view, shownOf(row).path) : undefined;
  }

  override get name(): string {
    return this.#row.name;
  }

  /** Shows what is known of it now; false when that is something else, which takes another row. */
  show(row: FileRow): boolean {
    const same = kindOf(row) === kindOf(this.#row) && shownOf(row).path === shownOf(this.#row).path;
    if (same) this.#row = row;
    return same;
  }

  toTreeItem(): TreeItem {
    const { name, facts, mark, uri } = this.#row;
    const kind = kindOf(this.#row);
    const collapsed = kind === 'folder' ? TreeItemCollapsibleState.Collapsed : TreeItemCollapsibleState.None;
    const item = new TreeItem(plainText(name, 255), collapsed);
    item.id = this.id;
    item.contextValue = contextValue(`peel.file.${kind}`, {
      inLayer: this.argument.layer !== undefined,
      filtered: this.filter !== '',
    });
    item.description = dotted(
      facts.linkname === undefined ? '' : `${facts.type === 'symlink' ? '→' : '='} ${plainText(facts.linkname, 255)}`,
      kind === 'plain' && formatBytes(shownOf(this.#row).size),
      NOTES[kind],
      mark !== 'same' && mark,
      this.filter && `filter: ${this.filter}`,
    );
    const owner = `${facts.mode.toString(8).padStart(4, '0')} ${facts.uid}:${facts.gid}`;
    item.tooltip = dotted(
      plainText(`/${facts.path}`, 1_000),
      item.description,
      owner,
      `from layer ${facts.layer}`,
      facts.verified === false && 'not verified: only parts of the layer were read',
    );
    const icon = mark === 'deleted' ? 'diff-removed' : ICONS[kind];
    if (icon) item.iconPath = new ThemeIcon(icon);
    else {
      // The file icon theme picks the icon by the name.
      item.resourceUri = uri;
      item.iconPath = kind === 'folder' ? ThemeIcon.Folder : ThemeIcon.File;
    }
    if (kind === 'plain') item.command = { command: 'vscode.open', title: 'Open', arguments: [uri] };
    item.accessibilityInformation = { label: dotted(plainText(name, 255), SPOKEN[kind], item.description) };
    return item;
  }
}

type Kind = 'folder' | 'plain' | 'gone' | 'dangling' | 'special';

/** What it is once links are followed. A folder that a layer deletes has nothing to open. */
function kindOf(row: FileRow): Kind {
  const { type } = shownOf(row);
  if (type === 'symlink') return 'dangling';
  if (type === 'directory') return row.mark === 'deleted' ? 'gone' : 'folder';
  return type === 'file' ? 'plain' : 'special';
}

function shownOf({ facts, target }: FileRow): FileRow['facts'] {
  return target ?? facts;
}

const NOTES: Readonly<Record<Kind, string>> = {
  folder: '',
  plain: '',
  gone: '',
  dangling: 'leads to nothing here',
  special: 'device or pipe',
};

const SPOKEN: Readonly<Record<Kind, string>> = {
  folder: 'folder',
  plain: 'file',
  gone: 'folder',
  dangling: 'link',
  special: '',
};

const ICONS: Readonly<Partial<Record<Kind, string>>> = { dangling: 'warning', special: 'plug' };
