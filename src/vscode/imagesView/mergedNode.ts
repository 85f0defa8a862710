import { join } from 'node:path';
import { ThemeColor, ThemeIcon, TreeItem, TreeItemCollapsibleState } from 'vscode';
import { dotted } from '../common/text.ts';
import { contextValue } from '../tree/contextValue.ts';
import { FolderRow } from '../tree/folderRow.ts';
import type { TreeNode } from '../tree/treeNode.ts';
import { DiskFolder } from './diskNode.ts';

/** `Merged`: the files of a mounted image. Changes go to `overlay/upper`. */
export class MergedNode extends FolderRow {
  readonly id: string;
  readonly parent: TreeNode;
  readonly argument: { readonly folder: string };
  protected readonly folder: DiskFolder;

  constructor(parent: TreeNode, folder: string) {
    super();
    this.id = `${parent.id}/Merged`;
    this.parent = parent;
    this.argument = { folder };
    this.folder = new DiskFolder(join(folder, 'merged'), '');
  }

  get location(): string {
    return this.folder.root;
  }

  toTreeItem(): TreeItem {
    const item = new TreeItem('Merged', TreeItemCollapsibleState.Collapsed);
    item.id = this.id;
    item.contextValue = contextValue('peel.merged', { filtered: this.filter !== '' });
    const description = this.filterNote || 'all layers, writable';
    item.description = description;
    item.iconPath = new ThemeIcon('vm-running', new ThemeColor('charts.green'));
    item.accessibilityInformation = { label: dotted('Merged', description) };
    item.tooltip = `The mounted image at ${this.folder.root}`;
    return item;
  }
}
