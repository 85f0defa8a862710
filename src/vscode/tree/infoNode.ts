import { ThemeIcon, TreeItem, type Command, type MarkdownString } from 'vscode';
import type { CommandArgument } from '../common/argument.ts';
import type { TreeNode } from './treeNode.ts';

/** The optional parts of an {@link InfoNode}. */
export interface InfoOptions {
  readonly description?: string;
  readonly tooltip?: string | MarkdownString;
  /** A codicon's name. */
  readonly icon?: string;
  /** Runs on a click or Enter. */
  readonly command?: Command;
  readonly argument?: CommandArgument;
  /** The beginning of the id if there is no row above. */
  readonly prefix?: string;
}

/** A row that shows a note in place of a list: that it is empty, or what else can be done. */
export class InfoNode implements TreeNode {
  readonly id: string;
  readonly parent: TreeNode | undefined;
  readonly argument: CommandArgument;
  readonly #label: string;
  readonly #options: InfoOptions;

  constructor(parent: TreeNode | undefined, label: string, options: InfoOptions = {}) {
    this.id = `${parent?.id ?? options.prefix ?? ''}/info:${label}`;
    this.parent = parent;
    this.argument = options.argument ?? {};
    this.#label = label;
    this.#options = options;
  }

  toTreeItem(): TreeItem {
    const { description, tooltip, icon, command } = this.#options;
    const item = new TreeItem(this.#label);
    item.id = this.id;
    item.contextValue = 'peel.info';
    item.iconPath = new ThemeIcon(icon ?? 'info');
    if (description) item.description = description;
    item.tooltip = tooltip ?? this.#label;
    if (command) item.command = command;
    return item;
  }
}
