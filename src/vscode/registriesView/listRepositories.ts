import * as vscode from 'vscode';
import { askRegistry } from '../command/ask.ts';
import { command } from '../command/command.ts';
import { COMMANDS } from '../common/ids.ts';
import { withNotification } from '../common/progress.ts';
import type { Registries } from '../registries/registries.ts';
import { listRepositories as catalogChunk } from '../registries/registryLists.ts';

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
    const found = await withNotification(`Listing the repositories of ${registry}`, signal =>
      listAll(registry, owner || undefined, registries, signal),
    );
    const sorted = [...found].sort();
    if (call.interactive) await offer(registry, sorted);
    return sorted;
  },
);

/** @throws {NoCatalogError} the registry has no list for this */
async function listAll(
  registry: string,
  owner: string | undefined,
  registries: Registries,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const lists = await registries.listsOf(registry);
  const own = await lists?.repositories(owner, signal);
  if (own) return own;
  const client = await registries.clientFor(registry);
  const all = new Set<string>();
  let cursor: string | undefined;
  do {
    const before = all.size;
    const { items, next } = await catalogChunk(client, lists, cursor, signal);
    for (const item of items) all.add(item);
    // A server that repeats itself would never end.
    cursor = all.size > before ? next : undefined;
  } while (cursor !== undefined);
  return [...all].filter(name => owner === undefined || name.startsWith(`${owner}/`));
}

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
