import * as vscode from 'vscode';
import { parseReference } from '../../oci/reference.ts';
import type { Registries } from '../features.ts';
import type { RunCommand } from '../commandTable.ts';

/** Takes a repository out of those that are remembered. */
export const unpinRepository: RunCommand = async ({ repository, reference }, { registries }) => {
  const named = repository ?? reference ?? (await ask(registries));
  if (named === undefined) return;
  const parsed = parseReference(named);
  await registries.unpin(parsed.registry, parsed.repository);
};

function ask(registries: Registries): Thenable<string | undefined> {
  const all = registries
    .list()
    .flatMap(({ name }) => registries.pinned(name).map(repository => `${name}/${repository}`));
  return vscode.window.showQuickPick(all, {
    title: 'Unpin Repository',
    placeHolder: all.length > 0 ? 'Repository' : 'No repository is pinned',
  });
}
