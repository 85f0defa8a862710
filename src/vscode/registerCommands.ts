import * as vscode from 'vscode';
import { COMMANDS } from './common/ids.ts';
import { describeFailure, showFailure } from './common/failures.ts';
import type { CommandServices } from './features.ts';
import { argumentOf, cameFromPerson } from './common/argument.ts';
import { COMMAND_TABLE } from './commandTable.ts';

/**
 * Registers every command of the table. A failure reaches a person as one message with its actions, when a person started the command; a program gets
 * a rejected promise with the same message.
 */
export function registerCommands(services: Omit<CommandServices, 'interactive'>): vscode.Disposable {
  return vscode.Disposable.from(
    ...Object.values(COMMANDS).map(id =>
      vscode.commands.registerCommand(id, (given: unknown) => runCommand(id, given, services)),
    ),
  );
}

async function runCommand(
  id: (typeof COMMANDS)[keyof typeof COMMANDS],
  given: unknown,
  services: Omit<CommandServices, 'interactive'>,
): Promise<unknown> {
  try {
    const run = await COMMAND_TABLE[id]();
    return await run(argumentOf(given), { ...services, interactive: cameFromPerson(given) });
  } catch (error) {
    const failure = describeFailure(error);
    if (!failure.cancelled) services.log.error(`${id}: ${failure.message}`);
    if (!cameFromPerson(given))
      throw failure.cancelled ? new vscode.CancellationError() : new Error(failure.message, { cause: error });
    if (!failure.cancelled) void showFailure(failure, services.log, () => vscode.commands.executeCommand(id, given));
    return undefined;
  }
}
