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

/** The path lies where the kernel shows itself, and nothing can be kept. */
export class NoDiskError extends Error {
  constructor(path: string) {
    super(`${path} is a place of the kernel's own, not on a disk. Name a folder elsewhere.`);
    this.name = 'NoDiskError';
  }
}

/** The workspace's folders that lie on a disk of this machine. */
export function workspaceFolders(): readonly string[] {
  return (vscode.workspace.workspaceFolders ?? [])
    .filter(({ uri }) => uri.scheme === 'file')
    .map(({ uri }) => uri.fsPath);
}

/**
 * A path that a caller gave, without a slash at its end: as it is, or inside the first workspace folder.
 * @throws {NoPlaceError} @throws {NoDiskError}
 */
export function absolutePath(given: string): string {
  const [workspace] = workspaceFolders();
  if (workspace === undefined && !isAbsolute(given)) throw new NoPlaceError();
  const path = resolve(workspace ?? '', given);
  // Node's recursive mkdir never returns from there.
  if (/^\/(proc|sys)(\/|$)/.test(path)) throw new NoDiskError(path);
  return path;
}
