import { access } from 'node:fs/promises';
import * as vscode from 'vscode';
import { askImageFolder } from '../command/ask.ts';
import type { RunCommand } from '../commandTable.ts';

/** Shows an image's folder: in the Explorer where it lies in the workspace, else in the system's file manager or a new window. */
export const openFolder: RunCommand = async (argument, services) => {
  const folder = await askImageFolder(argument, services, 'Open Image Folder');
  if (folder === undefined) return;
  await access(folder);
  const uri = vscode.Uri.file(folder);
  if (vscode.workspace.getWorkspaceFolder(uri)) await vscode.commands.executeCommand('revealInExplorer', uri);
  else if (vscode.env.remoteName === undefined && vscode.env.uiKind === vscode.UIKind.Desktop)
    await vscode.commands.executeCommand('revealFileInOS', uri);
  else await vscode.commands.executeCommand('vscode.openFolder', uri, { forceNewWindow: true });
};
