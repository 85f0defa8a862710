import * as vscode from 'vscode';
import { askRegistry } from '../command/ask.ts';
import { command } from '../command/command.ts';
import type { CommandArgument } from '../common/argument.ts';
import type { Registries } from '../registries/registries.ts';
import type { StoredSecrets } from '../settings/secrets.ts';

interface AccountNeeds {
  readonly registries: Registries;
  readonly secrets: StoredSecrets;
}

const TITLE = 'Sign Out of Registry';

/** Forgets an account signed in with Peel. Accounts of Docker and podman stay. */
export const signOut = command(['registry'], async (argument, needs: AccountNeeds, call) => {
  const registry = await ask(argument, needs);
  if (registry === undefined) return;
  const account = await needs.secrets.account(registry);
  await needs.secrets.forget(registry);
  if (!call.interactive) return;
  const message = account
    ? `Signed out of ${registry} (${account.username}).`
    : `Peel has no account for ${registry}. One of Docker's or podman's may be in use; see the "peel.credentials" settings.`;
  void vscode.window.showInformationMessage(message);
});

/** Prompts for one of the registries with an account. */
async function ask(
  argument: Pick<CommandArgument, 'registry'>,
  { registries }: AccountNeeds,
): Promise<string | undefined> {
  if (argument.registry !== undefined) return askRegistry(argument, registries, TITLE);
  const accounts = await Promise.all(
    registries
      .list()
      .map(async ({ name, label }) => ({ label: label ?? name, name, description: await registries.accountOf(name) })),
  );
  const items = accounts.filter(
    (item): item is { label: string; name: string; description: string } => item.description !== undefined,
  );
  const placeHolder = items.length > 0 ? 'Registry' : 'Peel has no accounts';
  return (await vscode.window.showQuickPick(items, { title: TITLE, placeHolder }))?.name;
}
