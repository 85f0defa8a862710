import { ThemeIcon, TreeItem, type Command } from 'vscode';
import type { CommandArgument } from '../common/argument.ts';
import { tooltip, type Fact } from '../tree/tooltip.ts';
import type { TreeNode } from '../tree/treeNode.ts';

/** What a {@link DocumentNode} shows and opens. */
export interface DocumentRow {
  /** `Manifest`, `Config`. */
  readonly label: string;
  readonly description?: string;
  readonly facts?: readonly Fact[];
  /** Runs on a click or Enter; its argument defaults to the row itself. */
  readonly command: Command;
  readonly argument: CommandArgument;
}

/** A row that opens a read-only JSON document. */
export class DocumentNode implements TreeNode {
  readonly id: string;
  readonly parent: TreeNode;
  readonly argument: CommandArgument;
  readonly #row: DocumentRow;

  constructor(parent: TreeNode, row: DocumentRow) {
    this.id = `${parent.id}/${row.label}`;
    this.parent = parent;
    this.argument = row.argument;
    this.#row = row;
  }

  toTreeItem(): TreeItem {
    const { label, description, command, facts = [] } = this.#row;
    const item = new TreeItem(label);
    item.id = this.id;
    item.contextValue = 'peel.document';
    item.iconPath = new ThemeIcon('json');
    if (description) item.description = description;
    item.tooltip = tooltip(`${label}: open as JSON, read-only`, facts);
    item.command = command.arguments ? command : { ...command, arguments: [this] };
    return item;
  }
}
