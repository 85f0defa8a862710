import * as vscode from 'vscode';
import { DOCKER_HUB, familiarRepository } from '../../oci/reference.ts';
import type { HubResult } from '../../registry/api/dockerHub.ts';
import { command } from '../command/command.ts';
import { COMMANDS } from '../common/ids.ts';
import { withNotification } from '../common/progress.ts';
import { count, dotted, plainText } from '../common/text.ts';
import type { Registries } from '../registries/registries.ts';

/**
 * Searches Docker Hub, which has no catalog, and opens the chosen repository. Returns its
 * reference.
 */
export const searchHub = command(['name'], async (argument, needs: { readonly registries: Registries }) => {
  const title = 'Search Docker Hub';
  const words =
    argument.name ?? (await vscode.window.showInputBox({ title, prompt: 'Search terms', placeHolder: 'busybox' }));
  if (words === undefined || words.trim() === '') return undefined;
  const found = await withNotification(`Searching Docker Hub for ${words}`, signal =>
    needs.registries.searchHub(words.trim(), signal),
  );
  const placeHolder = found.length > 0 ? 'Choose a repository to open it' : `No results on Docker Hub for "${words}"`;
  const chosen = await vscode.window.showQuickPick(found.map(itemOf), { title, placeHolder, matchOnDescription: true });
  if (!chosen) return undefined;
  const reference = `${DOCKER_HUB}/${chosen.repository}`;
  await vscode.commands.executeCommand(COMMANDS.openImage, { argument: { reference } });
  return reference;
});

function itemOf({
  repository,
  description,
  stars,
  official,
}: HubResult): vscode.QuickPickItem & { repository: string } {
  return {
    label: familiarRepository({ registry: DOCKER_HUB, repository }),
    description: dotted(official && 'official', stars > 0 && count(stars, 'star')),
    detail: plainText(description),
    repository,
  };
}
