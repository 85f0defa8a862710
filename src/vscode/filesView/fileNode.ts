import type { TreeItem } from 'vscode';
import type { CommandArgument } from '../common/argument.ts';
import { dotted, formatBytes, plainText } from '../common/text.ts';
import type { FilesSoFar } from '../files/openingTree.ts';
import { contextValue } from '../tree/contextValue.ts';
import { entryItem, FolderRow, RowFolder } from '../tree/folderRow.ts';
import type { TreeNode } from '../tree/treeNode.ts';
import type { FileItem, FileRow, FileView, FolderItems } from './fileViews.ts';
import { markedUri } from './markDecorations.ts';
import { ReadingNode } from './readingNode.ts';

/** A folder of an image that was not pulled, listed when it is opened. */
export class FileFolder extends RowFolder<FileItem, FilesSoFar> {
  readonly view: FileView;
  readonly #path: string;

  constructor(view: FileView, path: string) {
    super();
    this.view = view;
    this.#path = path;
  }

  protected list(): Promise<FolderItems> {
    return this.view.list(this.#path);
  }

  protected async rowOf(parent: TreeNode, item: FileItem, earlier: FolderRow | undefined): Promise<FolderRow> {
    const row = item.row();
    const reusable = earlier instanceof FileNode && earlier.parent === parent && earlier.show(row);
    return reusable ? earlier : new FileNode(parent, this.view, row);
  }

  protected override rowsAbove(parent: TreeNode, reading: FilesSoFar | undefined): readonly TreeNode[] {
    return reading && this.#path === '' ? [new ReadingNode(parent, reading, () => this.view.stop())] : [];
  }

  protected emptyLabel(reading: FilesSoFar | undefined): string {
    return reading ? 'No files yet' : 'No files';
  }

  override whole(): Promise<void> {
    return this.view.whole();
  }
}

/** An entry of a {@link FileFolder}. A link opens like its target. */
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
    // Paths below a link are those of its target, so that circular links don't make endless paths.
    this.folder = kindOf(row) === 'folder' ? new FileFolder(view, shownOf(row).path) : undefined;
  }

  override get name(): string {
    return this.#row.name;
  }

  /** Shows new facts about the same entry; returns false if its kind or target differs. */
  show(row: FileRow): boolean {
    const same = kindOf(row) === kindOf(this.#row) && shownOf(row).path === shownOf(this.#row).path;
    if (same) this.#row = row;
    return same;
  }

  toTreeItem(): TreeItem {
    const { name, facts, mark, uri } = this.#row;
    const { linkname, type, mode } = facts;
    const kind = kindOf(this.#row);
    const link = linkname === undefined ? '' : `${type === 'symlink' ? '→' : '='} ${plainText(linkname, 255)}`;
    const size = kind === 'plain' && formatBytes(shownOf(this.#row).size);
    const item = entryItem(this.id, {
      name,
      path: `/${facts.path}`,
      isFolder: kind === 'folder',
      description: dotted(link, size, NOTES[kind], mark !== 'same' && mark, this.filterNote),
      facts: [
        `${mode.toString(8).padStart(4, '0')} ${facts.uid}:${facts.gid}`,
        `from layer ${facts.layer}`,
        facts.verified === false && 'unverified: only parts of the layer were read',
      ],
      icon: mark === 'deleted' ? 'diff-removed' : ICONS[kind],
      spoken: SPOKEN[kind],
      uri,
      decorated: markedUri(uri, mark),
      opens: kind === 'plain',
    });
    item.contextValue = contextValue(`peel.file.${kind}`, {
      inLayer: this.argument.layer !== undefined,
      changed: mark === 'changed',
      filtered: this.filter !== '',
    });
    return item;
  }
}

type Kind = 'folder' | 'plain' | 'gone' | 'dangling' | 'special';

/** The kind after following links. A folder that a layer deletes has nothing to open. */
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
