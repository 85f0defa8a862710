import { ThemeIcon, TreeItem, TreeItemCollapsibleState } from 'vscode';
import type { CommandArgument } from '../common/argument.ts';
import { dotted } from '../common/text.ts';
import type { ImageAddress } from '../registries/imageAddress.ts';
import { contextValue } from '../tree/contextValue.ts';
import { FolderRow } from '../tree/folderRow.ts';
import type { TreeContext, TreeNode } from '../tree/treeNode.ts';
import { FileFolder } from './fileNode.ts';
import { mergedView } from './fileViews.ts';
import type { FileRowNeeds } from './rowNeeds.ts';

/** `Files`: all layers of an image merged, without pulling it. */
export class FilesNode extends FolderRow {
  readonly id: string;
  readonly parent: TreeNode;
  readonly argument: CommandArgument;
  protected readonly folder: FileFolder;

  constructor(parent: TreeNode, context: TreeContext<FileRowNeeds>, address: ImageAddress) {
    super();
    const view = mergedView(context, address, () => context.changed(this));
    this.id = `${parent.id}/Files`;
    this.parent = parent;
    this.argument = view.argument;
    this.folder = new FileFolder(view, '');
  }

  toTreeItem(): TreeItem {
    const item = new TreeItem('Files', TreeItemCollapsibleState.Collapsed);
    item.id = this.id;
    item.contextValue = contextValue('peel.files', { filtered: this.filter !== '' });
    if (this.filter) item.description = this.filterNote;
    item.iconPath = new ThemeIcon('list-tree');
    item.tooltip =
      'All layers merged, as in a running container. Layers are downloaded the first time you expand this.';
    item.accessibilityInformation = { label: dotted('Files', 'all layers merged', this.filterNote) };
    return item;
  }

  override refresh(): void {
    this.folder.view.reset();
    super.refresh();
  }
}
