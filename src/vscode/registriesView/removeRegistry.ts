import * as vscode from 'vscode';
import { askRegistry } from '../command/ask.ts';
import type { RunCommand } from '../commandTable.ts';

/** Takes a registry out of the list, and forgets the account that was used in it. */
export const removeRegistry: RunCommand = async (argument, services) => {
  const name = await askRegistry(argument, services, 'Remove Registry');
  if (name === undefined) return;
  if (await services.registries.closeLocal(name)) return;
  if (services.interactive && !(await confirm(name))) return;
  await services.configuration.removeRegistry(name);
  await services.secrets.forget(name);
};

async function confirm(name: string): Promise<boolean> {
  const remove = 'Remove';
  const detail = 'It goes from the settings, and Peel forgets the account. Pulled images stay.';
  return (await vscode.window.showWarningMessage(`Remove ${name}?`, { modal: true, detail }, remove)) === remove;
}
