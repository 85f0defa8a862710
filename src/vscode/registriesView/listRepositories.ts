import * as vscode from 'vscode';
import { askRegistry } from '../command/ask.ts';
import { command } from '../command/command.ts';
import { COMMANDS } from '../common/ids.ts';
import { withNotification } from '../common/progress.ts';
import type { Registries } from '../registries/registries.ts';

/**
 * Lists a registry's repositories: by its catalog, or by the registry's own list where the catalog
 * is refused, which most have only for one owner. Started from the UI, opens the chosen one.
 */
export const listRepositories = command(
  ['registry', 'owner'],
  async (argument, { registries }: { readonly registries: Registries }, call) => {
    const registry = await askRegistry(argument, registries, 'List Repositories');
    if (registry === undefined) return undefined;
    const owner = argument.owner ?? (call.interactive ? await askOwner(registry) : undefined);
    if (call.interactive && owner === undefined) return undefined;
    const client = await registries.clientFor(registry);
    const found = await withNotification(`Listing the repositories of ${registry}`, signal =>
      client.repositories(owner || undefined, signal),
    );
    const sorted = [...found].sort();
    if (call.interactive) await offer(registry, sorted);
    return sorted;
  },
);

function askOwner(registry: string): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    title: `List Repositories of ${registry}`,
    prompt: 'Owner, namespace or project. Leave it empty to list all repositories, if the registry allows it',
    placeHolder: 'library, owner, project',
    ignoreFocusOut: true,
  });
}

async function offer(registry: string, repositories: readonly string[]): Promise<void> {
  const chosen = await vscode.window.showQuickPick([...repositories], {
    title: registry,
    placeHolder: repositories.length === 0 ? 'No repositories found' : 'Choose a repository to open it',
  });
  if (chosen === undefined) return;
  await vscode.commands.executeCommand(COMMANDS.openImage, { argument: { reference: `${registry}/${chosen}` } });
}
