import assert from 'node:assert/strict';
import * as vscode from 'vscode';

/**
 * Runs a Peel command as another extension would: with the argument and the result of its contract.
 */
export async function peel<T>(command: string, argument: Readonly<Record<string, unknown>> = {}): Promise<T> {
  return (await vscode.commands.executeCommand(`peel.${command}`, argument)) as T;
}

/** Returns the message of a refused command. */
export async function refusal(command: string, argument: Readonly<Record<string, unknown>>): Promise<string> {
  let message: string | undefined;
  await peel(command, argument).catch((error: unknown) => {
    message = error instanceof Error ? error.message : String(error);
  });
  assert.ok(message !== undefined, `peel.${command} was not refused`);
  return message;
}

/** Returns the folder that the editor was opened on. */
export function workspaceFolder(): string {
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  assert.ok(folder, 'no workspace folder is open');
  return folder.uri.fsPath;
}

/** Returns the content of an open document, parsed as JSON. */
export async function jsonOf(uri: vscode.Uri): Promise<Record<string, unknown>> {
  const document = await vscode.workspace.openTextDocument(uri);
  return JSON.parse(document.getText()) as Record<string, unknown>;
}

export const SHA256 = /^sha256:[0-9a-f]{64}$/;

/** Retries until there is a result: the editor reads changed files at a time of its choosing. */
export async function until<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 100; tries++) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await new Promise(resolve => setTimeout(resolve, 100));
  }
  return assert.fail('no result in time');
}
