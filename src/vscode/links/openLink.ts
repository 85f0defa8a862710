import * as vscode from 'vscode';
import { formatReference, parseReference } from '../../oci/reference.ts';
import { describeFailure, showFailure } from '../common/failures.ts';
import { COMMANDS } from '../common/ids.ts';
import { plainText } from '../common/text.ts';
import type { Registries } from '../registries/registries.ts';
import { parseLink } from './link.ts';

/** What opening a link takes. */
export interface LinkNeeds {
  readonly log: vscode.LogOutputChannel;
  readonly registries: Pick<Registries, 'list'>;
}

/**
 * Opens the image or file that a link names. Anyone can write a link, so a registry that isn't in
 * the list is only contacted after the user agreed.
 */
export async function openLink(uri: vscode.Uri, needs: LinkNeeds): Promise<void> {
  try {
    const { reference: text, path, layer } = parseLink(uri.path, uri.query);
    const parsed = parseReference(text);
    const reference = formatReference(parsed);
    const listed = needs.registries.list().some(({ name }) => name === parsed.registry);
    if (!listed && !(await confirmRegistry(parsed.registry, reference))) return;
    const [command, argument] =
      path === undefined ? [COMMANDS.openImage, { reference }] : [COMMANDS.openFile, { reference, path, layer }];
    await vscode.commands.executeCommand(command, { argument });
  } catch (error) {
    await showFailure(describeFailure(error), needs.log, () => openLink(uri, needs));
  }
}

async function confirmRegistry(registry: string, reference: string): Promise<boolean> {
  const open = 'Open';
  const chosen = await vscode.window.showWarningMessage(
    `Open ${plainText(reference, 200)}?`,
    { modal: true, detail: `A link asks Peel to contact ${plainText(registry, 100)}, which isn't in your registries.` },
    open,
  );
  return chosen === open;
}
