import * as vscode from 'vscode';
import type { Reference } from '../../oci/reference.ts';
import { ForbiddenError, UnauthorizedError } from '../../registry/errors.ts';
import type { Call } from '../command/command.ts';
import { UntrustedWorkspaceError } from '../common/errors.ts';
import { COMMANDS } from '../common/ids.ts';
import type { PulledImages } from '../images/pulledImages.ts';
import type { Views } from '../common/reveal.ts';
import type { ImageLookup } from '../registries/lookup.ts';
import type { Registries } from '../registries/registries.ts';

/** What writing to a registry takes. */
export interface WriteNeeds {
  readonly images: PulledImages;
  readonly lookup: ImageLookup;
  readonly registries: Registries;
  readonly views: Views;
}

/**
 * Refuses to write in an untrusted workspace, whose files may have led the user here.
 * @throws {UntrustedWorkspaceError}
 */
export function requireTrust(): void {
  if (!vscode.workspace.isTrusted) throw new UntrustedWorkspaceError('writes to no registry');
}

/** Does the work. If an account is needed and the user is there, asks for it and tries again. */
export async function withAccount<T>({ interactive }: Call, work: () => PromiseLike<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!interactive || !(error instanceof UnauthorizedError || error instanceof ForbiddenError)) throw error;
      const signIn = 'Sign In…';
      if ((await vscode.window.showErrorMessage(error.message, signIn)) !== signIn)
        throw new vscode.CancellationError();
      await vscode.commands.executeCommand(COMMANDS.signIn, { argument: { registry: error.registry } });
    }
  }
}

/** Confirms in a dialog; the details are the facts that the decision needs. */
export async function confirm(question: string, facts: readonly (string | false)[], verb: string): Promise<boolean> {
  const detail = facts.filter(fact => fact !== false && fact !== '').join('\n');
  return (await vscode.window.showWarningMessage(question, { modal: true, detail }, verb)) === verb;
}

/** Forgets what was known of a repository, and shows what it has now. */
export function afterWriting({ registry, repository }: Reference, { lookup, views }: WriteNeeds): void {
  lookup.forget();
  views.refreshRepository(registry, repository);
}
