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
      vscode.commands.registerCommand(id, (given: unknown, selected: unknown) =>
        runSelected(id, given, selected, features),
      ),
    ),
  );
}

/** Commands that run once for each of several selected rows. */
const FOR_EACH: ReadonlySet<string> = new Set([
  COMMANDS.downloadLayer,
  COMMANDS.exportImage,
  COMMANDS.extractLayer,
  COMMANDS.pullImage,
  COMMANDS.removeImage,
  COMMANDS.saveFile,
]);

/** A menu passes the row under the mouse, then all selected rows if there are several. */
async function runSelected(
  id: keyof typeof COMMAND_TABLE,
  given: unknown,
  selected: unknown,
  features: Features,
): Promise<unknown> {
  const rows: unknown[] = FOR_EACH.has(id) && Array.isArray(selected) && selected.length > 1 ? selected : [];
  if (rows.length === 0) return runCommand(id, given, features);
  for (const row of rows) await runCommand(id, row, features);
  return undefined;
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
