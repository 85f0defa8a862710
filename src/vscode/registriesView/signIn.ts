import * as vscode from 'vscode';
import { askRegistry } from '../command/ask.ts';
import { command } from '../command/command.ts';
import type { CommandArgument } from '../common/argument.ts';
import { withNotification } from '../common/progress.ts';
import type { Registries } from '../registries/registries.ts';
import type { Account, StoredSecrets } from '../settings/secrets.ts';

/** Tries an account in its registry, and stores it if accepted. */
export const signIn = command(
  ['registry', 'username', 'password'],
  async (argument, needs: { readonly registries: Registries; readonly secrets: StoredSecrets }, call) => {
    const registry = await askRegistry(argument, needs.registries, 'Sign In to Registry');
    if (registry === undefined) return;
    const account = await askAccount(argument, registry, (await needs.secrets.account(registry))?.username);
    if (!account) return;
    const { registries, secrets } = needs;
    const outcome = await withNotification(`Signing in to ${registry}`, signal =>
      registries.verify(registry, account, signal),
    );
    await secrets.keep(registry, account);
    if (call.interactive) reportSignIn(registry, account.username, outcome);
  },
);

async function askAccount(
  argument: Pick<CommandArgument, 'username' | 'password'>,
  registry: string,
  known: string | undefined,
): Promise<Account | undefined> {
  const title = `Sign In to ${registry}`;
  const username =
    argument.username ??
    (await vscode.window.showInputBox({ title, prompt: 'Username', value: known ?? '', ignoreFocusOut: true }));
  if (username === undefined || username === '') return undefined;
  const password =
    argument.password ??
    (await vscode.window.showInputBox({
      title,
      prompt: "Password or access token, stored in VS Code's secret storage",
      password: true,
      ignoreFocusOut: true,
    }));
  return password === undefined || password === '' ? undefined : { username, password };
}

function reportSignIn(registry: string, username: string, outcome: 'taken' | 'not asked for'): void {
  const message =
    outcome === 'taken'
      ? `Signed in to ${registry} as ${username}.`
      : `${registry} doesn't require sign-in, so the credentials weren't verified. They've been saved.`;
  void vscode.window.showInformationMessage(message);
}
