import * as vscode from 'vscode';

/** What a button does. */
export type Offered = () => Thenable<unknown>;

/** Reports success and offers what to do next. Doesn't wait for the answer. */
export function offer(message: string, next: Readonly<Record<string, Offered>> = {}): void {
  void vscode.window.showInformationMessage(message, ...Object.keys(next)).then(async chosen => {
    if (chosen !== undefined) await next[chosen]?.();
  });
}

/** Runs a command as if chosen on a row with this argument. */
export function runCommand(id: string, argument: object): Offered {
  return () => vscode.commands.executeCommand(id, { argument });
}

/** Shows a file or folder in the Explorer. */
export function reveal(path: string): Offered {
  return () => vscode.commands.executeCommand('revealInExplorer', vscode.Uri.file(path));
}

/** A sentence to append if some files could not be written unchanged; otherwise ''. */
export function warningsNoted(warnings: number): string {
  return warnings > 0 ? ` ${warnings} files couldn't be written exactly. See the log for details.` : '';
}
