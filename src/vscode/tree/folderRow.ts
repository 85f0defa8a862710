import { ThemeIcon, TreeItem, TreeItemCollapsibleState, type Uri } from 'vscode';
import type { CommandArgument } from '../common/argument.ts';
import { dotted, plainText } from '../common/text.ts';
import { FolderEntries, type EntryList, type FolderEntry } from './folderEntries.ts';
import { InfoNode } from './infoNode.ts';
import { LoadMoreNode } from './loadMoreNode.ts';
import { passes, type FilteredNode, type PagedNode, type TreeNode } from './treeNode.ts';

/**
 * A folder whose entries are the rows below a {@link FolderRow}: filtered, and a chunk at a time.
 */
export abstract class RowFolder<Entry extends FolderEntry = FolderEntry, Reading = unknown> {
  readonly entries = new FolderEntries<Entry, Reading>(() => this.list());
  /** The rows made last, by name. */
  #rows: ReadonlyMap<string | undefined, FolderRow> = new Map();

  protected abstract list(): Promise<EntryList<Entry, Reading>>;

  /** Makes an entry's row, or reuses the earlier one so that what is open below it stays open. */
  protected abstract rowOf(parent: TreeNode, entry: Entry, earlier: FolderRow | undefined): Promise<FolderRow>;

  /** The label of an empty list. */
  protected abstract emptyLabel(reading: Reading | undefined): string;

  /** Rows above the entries. */
  protected rowsAbove(_parent: TreeNode, _reading: Reading | undefined): readonly TreeNode[] {
    return [];
  }

  /** Waits until the folder can be listed completely. */
  async whole(): Promise<void> {}

  async rows(parent: PagedNode): Promise<readonly TreeNode[]> {
    const { items, hasMore, reading } = await this.entries.shown();
    const shown = await Promise.all(items.map(item => this.rowOf(parent, item, this.#rows.get(item.name))));
    this.#rows = new Map(shown.map(row => [row.name, row]));
    const rows = [...this.rowsAbove(parent, reading), ...shown, ...(hasMore ? [new LoadMoreNode(parent)] : [])];
    if (rows.length > 0) return rows;
    return [new InfoNode(parent, this.entries.filter ? 'No matches' : this.emptyLabel(reading))];
  }

  /** Forgets what was listed. */
  reset(): void {
    this.entries.reset();
    this.#rows = new Map();
  }
}

/** A row with a folder below it, or an entry of one. */
export abstract class FolderRow implements PagedNode, FilteredNode {
  abstract readonly id: string;
  abstract readonly parent: TreeNode;
  abstract readonly argument: CommandArgument;
  /** `undefined` for a row without rows below it. */
  protected abstract readonly folder: RowFolder | undefined;
  abstract toTreeItem(): TreeItem;

  /** The name in its folder, if it is an entry of one. */
  get name(): string | undefined {
    return undefined;
  }

  get filter(): string {
    return this.folder?.entries.filter ?? '';
  }

  set filter(text: string) {
    if (this.folder) this.folder.entries.filter = text;
  }

  /** The part of a description that names the filter; empty without one. */
  protected get filterNote(): string {
    return this.filter && `filter: ${this.filter}`;
  }

  async children(): Promise<readonly TreeNode[]> {
    return this.folder?.rows(this) ?? [];
  }

  async loadMore(): Promise<void> {
    this.folder?.entries.more();
  }

  refresh(): void {
    this.folder?.reset();
  }

  /**
   * Finds an entry's row by name. Clears a filter that hides it, and loads chunks until it is
   * there.
   */
  async entry(name: string): Promise<FolderRow | undefined> {
    if (!passes(this.filter, name)) this.filter = '';
    await this.folder?.whole();
    for (;;) {
      const rows = await this.children();
      const found = rows.find((row): row is FolderRow => row instanceof FolderRow && row.name === name);
      if (found || !(rows.at(-1) instanceof LoadMoreNode)) return found;
      await this.loadMore();
    }
  }
}

/** How an entry of a folder looks. */
export interface EntryLook {
  readonly name: string;
  readonly path: string;
  readonly isFolder: boolean;
  readonly description: string;
  /** Further parts of the tooltip. */
  readonly facts?: readonly (string | false)[];
  /** A codicon's name; absent = the file icon theme picks one. */
  readonly icon: string | undefined;
  /** The kind as a screen reader says it. */
  readonly spoken: string;
  readonly uri: Uri;
  /** What decorations go by, if the row differs from its file; see `FileDecorationProvider`. */
  readonly decorated?: Uri;
  /** A click opens it in an editor. */
  readonly opens: boolean;
}

/**
 * Returns the looks of an entry of a folder: a folder that opens below, or a file that opens in an
 * editor.
 */
export function entryItem(id: string, look: EntryLook): TreeItem {
  const { isFolder, description, uri } = look;
  const label = plainText(look.name, 255);
  const item = new TreeItem(label, isFolder ? TreeItemCollapsibleState.Collapsed : TreeItemCollapsibleState.None);
  item.id = id;
  item.description = description;
  item.tooltip = dotted(plainText(look.path, 1_000), description, ...(look.facts ?? []));
  if (look.icon === undefined || look.decorated) item.resourceUri = look.decorated ?? uri;
  // The file icon theme picks the icon by name.
  const themed = isFolder ? ThemeIcon.Folder : ThemeIcon.File;
  item.iconPath = look.icon === undefined ? themed : new ThemeIcon(look.icon);
  if (look.opens) item.command = { command: 'vscode.open', title: 'Open', arguments: [uri] };
  item.accessibilityInformation = { label: dotted(label, look.spoken, description) };
  return item;
}
