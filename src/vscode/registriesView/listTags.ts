import { sortTags } from '../../registry/api/sortTags.ts';
import * as vscode from 'vscode';
import { formatReference, parseReference } from '../../oci/reference.ts';
import { command } from '../command/command.ts';
import { COMMANDS } from '../common/ids.ts';
import { withNotification } from '../common/progress.ts';
import type { Registries } from '../registries/registries.ts';

/**
 * Lists all tags of a repository, newest version first. Started from the UI, shows them in a list
 * and opens the chosen one.
 */
export const listTags = command(
  ['repository', 'reference'],
  async (argument, needs: { readonly registries: Registries }, call) => {
    const typed = argument.repository ?? argument.reference ?? (await askRepository());
    if (typed === undefined) return undefined;
    const { registry, repository } = parseReference(typed);
    const client = await needs.registries.clientFor(registry);
    const tags = await withNotification(`Listing the tags of ${repository}`, signal =>
      client.allTags(repository, signal),
    );
    const sorted = sortTags(tags);
    if (call.interactive) await offer(registry, repository, sorted);
    return sorted;
  },
);

function askRepository(): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    title: 'List Tags',
    prompt: 'Repository, with its registry unless it is on Docker Hub',
    placeHolder: 'busybox, ghcr.io/owner/name, 127.0.0.1:5000/name',
    ignoreFocusOut: true,
  });
}

async function offer(registry: string, repository: string, tags: readonly string[]): Promise<void> {
  const tag = await vscode.window.showQuickPick([...tags], {
    title: `${registry}/${repository}`,
    placeHolder: tags.length === 0 ? 'The repository has no tags' : 'Choose a tag to open it',
  });
  if (tag === undefined) return;
  await vscode.commands.executeCommand(COMMANDS.openImage, {
    argument: { reference: formatReference({ registry, repository, tag }) },
  });
}
