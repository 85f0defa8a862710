import * as vscode from 'vscode';
import { command } from './command.ts';

/** Opens the walkthrough. */
export const getStarted = command([], async (_argument, { id }: { readonly id: string }) =>
  vscode.commands.executeCommand('workbench.action.openWalkthrough', `${id}#start`),
);
