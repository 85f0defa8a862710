import * as vscode from 'vscode';
import { formatReference } from '../../oci/reference.ts';
import type { CommandArgument } from '../common/argument.ts';
import { parseFileUri } from '../common/fileLocation.ts';
import { SCHEMES } from '../common/ids.ts';

/**
 * Returns the image that the user is looking at: that of the active editor, else one of those in
 * the workspace, which is prompted for. Empty if the user wants another image or there is none;
 * `undefined` if the user dismisses the prompt.
 */
export async function imageInView(title: string): Promise<CommandArgument | undefined> {
  const shown = activeFile();
  if (shown) return argumentFor(shown);
  const folders = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === SCHEMES.files);
  if (folders.length === 0) return {};
  const items = folders.map(({ name, uri }) => ({ label: `$(folder-library) ${name}`, argument: argumentFor(uri) }));
  const other = { label: 'Another image…', argument: {} };
  const picked = await vscode.window.showQuickPick([...items, other], { title, placeHolder: 'Image' });
  return picked?.argument;
}

/** The image file in the active editor. */
export function activeFile(): vscode.Uri | undefined {
  const uri = uriOf(vscode.window.tabGroups.activeTabGroup.activeTab?.input);
  return uri?.scheme === SCHEMES.files ? uri : undefined;
}

function uriOf(input: unknown): vscode.Uri | undefined {
  if (input instanceof vscode.TabInputText || input instanceof vscode.TabInputCustom) return input.uri;
  return input instanceof vscode.TabInputTextDiff ? input.modified : undefined;
}

/** The whole image, even if a single layer's file is shown. */
function argumentFor(uri: vscode.Uri): CommandArgument {
  const { reference, platform } = parseFileUri(uri);
  return { reference: formatReference(reference), platform };
}
