import * as vscode from 'vscode';
import { formatReference } from '../../oci/reference.ts';
import type { CommandArgument } from '../common/argument.ts';
import { parseFileUri } from '../common/fileLocation.ts';
import { SCHEMES } from '../common/ids.ts';

/**
 * The image that a person who names none means: that of the editor in front, else one of those in the workspace, which is asked. Empty when they mean another one, or there is none; `undefined` when
 * they left the question.
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

/** The file of an image that the editor in front shows. */
export function activeFile(): vscode.Uri | undefined {
  const uri = uriOf(vscode.window.tabGroups.activeTabGroup.activeTab?.input);
  return uri?.scheme === SCHEMES.files ? uri : undefined;
}

function uriOf(input: unknown): vscode.Uri | undefined {
  if (input instanceof vscode.TabInputText || input instanceof vscode.TabInputCustom) return input.uri;
  return input instanceof vscode.TabInputTextDiff ? input.modified : undefined;
}

/** The whole image, also where one layer's file is shown. */
function argumentFor(uri: vscode.Uri): CommandArgument {
  const { reference, platform } = parseFileUri(uri);
  return { reference: formatReference(reference), platform };
}
