import { isAbsolute, resolve } from 'node:path';
import * as vscode from 'vscode';

/** No workspace is open, and nobody said where something is to go. */
export class NoPlaceError extends Error {
  constructor() {
    super(
      'No folder is open that this could be written into. Open a folder first, or name one: in the command\'s argument, or as the setting "peel.imagesFolder".',
    );
    this.name = 'NoPlaceError';
  }
}

/** The workspace's folders that lie on a disk of this machine. */
export function workspaceFolders(): readonly string[] {
  return (vscode.workspace.workspaceFolders ?? [])
    .filter(({ uri }) => uri.scheme === 'file')
    .map(({ uri }) => uri.fsPath);
}

/** A path that a caller gave, without a slash at its end: as it is, or inside the first workspace folder. @throws {NoPlaceError} */
export function absolutePath(given: string): string {
  if (isAbsolute(given)) return resolve(given);
  const [workspace] = workspaceFolders();
  if (workspace === undefined) throw new NoPlaceError();
  return resolve(workspace, given);
}
