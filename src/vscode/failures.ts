import * as vscode from 'vscode';
import { COMMANDS } from './ids.ts';
import type { CommandArgument } from './commands/argument.ts';

/** A button under a failure's message. */
export interface FailureAction {
  readonly title: string;
  readonly command: string;
  readonly argument?: CommandArgument | string;
}

/** An error as a person reads it. */
export interface Failure {
  /** The user ended the work; nothing is to be said. */
  readonly cancelled: boolean;
  /** What happened and what to do about it. */
  readonly message: string;
  /** It may go well when it is tried again as it is. */
  readonly retry: boolean;
  readonly actions: readonly FailureAction[];
}
