import { ThemeColor, ThemeIcon, TreeItem, type Command } from 'vscode';
import { RegistryError } from '../../registry/errors.ts';
import type { CommandArgument } from '../common/argument.ts';
import { describeFailure, type Failure, type FailureAction } from '../common/failures.ts';
import { COMMANDS, TREE_COMMANDS } from '../common/ids.ts';
import { plainText } from '../common/text.ts';
import { failureLabel } from './failureLabel.ts';
import type { TreeNode } from './treeNode.ts';

/**
 * A row that says why a list could not be loaded, with remedies as buttons; a click runs the
 * likeliest one.
 */
export class FailureNode implements TreeNode {
  readonly id: string;
  readonly parent: TreeNode | undefined;
  readonly argument: CommandArgument;
  /** Loads the list again. */
  readonly retry: () => void;
  readonly #failure: Failure;
  readonly #label: string;
  readonly #detail: string;

  /** @param prefix the beginning of the id if there is no row above */
  constructor(parent: TreeNode | undefined, error: unknown, retry: () => void, prefix = '') {
    this.id = `${parent?.id ?? prefix}/failure`;
    this.parent = parent;
    // The buttons act on the row above: they sign in to its registry, or trust its address.
    this.argument = parent?.argument ?? {};
    this.retry = retry;
    this.#failure = describeFailure(error);
    const text = plainText(messageIn(error, this.#failure.message, this.argument), 160);
    const label = failureLabel(error);
    this.#label = label ?? text;
    this.#detail = label === undefined ? '' : text;
  }

  /** The whole message. */
  get message(): string {
    return this.#failure.message;
  }

  toTreeItem(): TreeItem {
    const { message, actions } = this.#failure;
    const command = this.#likeliest();
    const item = new TreeItem(this.#label);
    item.id = this.id;
    // Menus match the buttons by context value: `peel.failure+signIn`.
    item.contextValue = ['peel.failure', ...actions.map(action => action.command.replace('peel.', ''))].join('+');
    item.iconPath = new ThemeIcon('error', new ThemeColor('list.errorForeground'));
    item.description = this.#detail;
    item.tooltip = message;
    item.command = command;
    item.accessibilityInformation = {
      label: sentences(`Error: ${this.#label}`, this.#detail, `Press Enter: ${command.title}`),
    };
    return item;
  }

  /** Retries what may pass by itself; otherwise picks the remedy that needs the user. */
  #likeliest(): Command {
    const { retry, actions } = this.#failure;
    const helpful = actions.find(action => action.command !== COMMANDS.showLog);
    if (retry || !helpful) return { command: TREE_COMMANDS.retry, title: 'Retry', arguments: [this] };
    return { command: helpful.command, title: helpful.title, arguments: argumentsOf(helpful) };
  }
}

/** Joins sentences, so that a screen reader pauses between them. */
function sentences(...parts: readonly string[]): string {
  return parts
    .filter(Boolean)
    .map(part => (/[.!?…]$/.test(part) ? part : `${part}.`))
    .join(' ');
}

/** The message without the name that the row above shows already, because a sidebar is narrow. */
function messageIn(error: unknown, message: string, { registry, repository }: CommandArgument): string {
  if (!(error instanceof RegistryError) || error.subject === undefined) return message;
  if (error.subject !== registry && error.subject !== repository) return message;
  return error.problem.charAt(0).toUpperCase() + error.problem.slice(1);
}

function argumentsOf({ argument }: FailureAction): unknown[] {
  if (argument === undefined) return [];
  return [typeof argument === 'object' ? { argument } : argument];
}
