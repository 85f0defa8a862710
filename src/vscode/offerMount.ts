import * as vscode from 'vscode';
import { COMMANDS } from './ids.ts';

/** Says where an image is mounted and offers what comes next. Nobody waits for the answer. */
export function offerMount(mountPoint: string, folder: string): void {
  const shell = 'Open Shell';
  const show = 'Show Files';
  void vscode.window
    .showInformationMessage(
      `Mounted at ${vscode.workspace.asRelativePath(mountPoint)}. What is written there is kept in overlay/upper.`,
      shell,
      show,
    )
    .then(async chosen => {
      if (chosen === shell) await vscode.commands.executeCommand(COMMANDS.openShell, { argument: { folder } });
      if (chosen === show) await vscode.commands.executeCommand('revealInExplorer', vscode.Uri.file(mountPoint));
    });
}
