import assert from 'node:assert/strict';
import * as vscode from 'vscode';

/** Runs a command of Peel as a program does: with the object of its contract, and the value that it promises. */
export async function peel<T>(command: string, argument: Readonly<Record<string, unknown>> = {}): Promise<T> {
  return (await vscode.commands.executeCommand(`peel.${command}`, argument)) as T;
}

/** The message that a command is refused with. */
export async function refusal(command: string, argument: Readonly<Record<string, unknown>>): Promise<string> {
  let message: string | undefined;
  await peel(command, argument).catch((error: unknown) => {
    message = error instanceof Error ? error.message : String(error);
  });
  assert.ok(message !== undefined, `peel.${command} was not refused`);
  return message;
}

/** The folder that the editor was opened on. */
export function workspaceFolder(): string {
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  assert.ok(folder, 'no workspace folder is open');
  return folder.uri.fsPath;
}

/** What the open document of a Uri says, as JSON. */
export async function jsonOf(uri: vscode.Uri): Promise<Record<string, unknown>> {
  const document = await vscode.workspace.openTextDocument(uri);
  return JSON.parse(document.getText()) as Record<string, unknown>;
}

export const SHA256 = /^sha256:[0-9a-f]{64}$/;

/** Asks until there is an answer: the editor reads files when it likes. */
export async function until<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 100; tries++) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await new Promise(resolve => setTimeout(resolve, 100));
  }
  return assert.fail('waited in vain');
}
