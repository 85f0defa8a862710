import * as vscode from 'vscode';
import { COMMAND_TABLE } from './commandTable.ts';
import { argumentOf, isInteractive } from './common/argument.ts';
import { describeFailure, showFailure } from './common/failures.ts';
import { COMMANDS } from './common/ids.ts';
import type { Features } from './features.ts';

/**
 * Registers every command of the table. A failure is shown with its actions if the command was
 * started from the UI; other callers get a rejected promise with the same message.
 */
export function registerCommands(features: Features): vscode.Disposable {
  return vscode.Disposable.from(
    ...Object.values(COMMANDS).map(id =>
      vscode.commands.registerCommand(id, (given: unknown) => runCommand(id, given, features)),
    ),
  );
}

async function runCommand(id: keyof typeof COMMAND_TABLE, given: unknown, features: Features): Promise<unknown> {
  const interactive = isInteractive(given);
  try {
    const { takes, execute } = await COMMAND_TABLE[id]();
    return await execute(argumentOf(given, takes), features, { interactive });
  } catch (error) {
    const failure = describeFailure(error);
    if (!failure.cancelled) features.log.error(`${id}: ${failure.message}`);
    if (!interactive)
      throw failure.cancelled ? new vscode.CancellationError() : new Error(failure.message, { cause: error });
    if (!failure.cancelled) void showFailure(failure, features.log, () => vscode.commands.executeCommand(id, given));
    return undefined;
  }
}
