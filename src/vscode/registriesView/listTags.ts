import { sortTags } from '../../registry/api/sortTags.ts';
import * as vscode from 'vscode';
import { formatReference, parseReference } from '../../oci/reference.ts';
import { command } from '../command/command.ts';
import { COMMANDS } from '../common/ids.ts';
import { withNotification } from '../common/progress.ts';
import type { Pulls } from '../images/pulls.ts';
import type { Registries } from '../registries/registries.ts';
import { readTagDetails } from '../registries/tagDetails.ts';
import type { Configuration } from '../settings/configuration.ts';

/** What listing tags takes. */
interface TagNeeds {
  readonly configuration: Pick<Configuration, 'platform'>;
  readonly pulls: Pick<Pulls, 'store'>;
  readonly registries: Registries;
}

/**
 * Lists all tags of a repository, newest version first; with `details`, their digests, sizes and
 * dates. Started from the UI, shows them in a list and opens the chosen one.
 */
export const listTags = command(['repository', 'reference', 'details'], async (argument, needs: TagNeeds, call) => {
  const typed = argument.repository ?? argument.reference ?? (await askRepository());
  if (typed === undefined) return undefined;
  const { registry, repository } = parseReference(typed);
  const client = await needs.registries.clientFor(registry);
  const title = `Listing the tags of ${repository}`;
  if (argument.details === true) {
    const store = await needs.pulls.store();
    const details = await withNotification(title, signal =>
      readTagDetails(registry, needs.registries, store, repository, needs.configuration.platform(), signal),
    );
    const byTag = new Map(details.map(detail => [detail.tag, detail]));
    return sortTags([...byTag.keys()]).flatMap(tag => byTag.get(tag) ?? []);
  }
  const sorted = sortTags(await withNotification(title, signal => client.allTags(repository, signal)));
  if (call.interactive) await offer(registry, repository, sorted);
  return sorted;
});

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
