import { isAbsolute, resolve } from 'node:path';
import * as vscode from 'vscode';

/** No workspace is open, and no target folder was given. */
export class NoWorkspaceError extends Error {
  constructor() {
    super('No folder is open to write into. Open a folder, or set an absolute path in "peel.imagesFolder".');
    this.name = 'NoWorkspaceError';
  }
}

/** The path is in a file system of the kernel's, where nothing can be stored. */
export class KernelPathError extends Error {
  constructor(path: string) {
    super(`${path} is a file system of the kernel, not a disk. Choose another folder.`);
    this.name = 'KernelPathError';
  }
}

/** The workspace's folders on this machine's disks. */
export function workspaceFolders(): readonly string[] {
  return (vscode.workspace.workspaceFolders ?? [])
    .filter(({ uri }) => uri.scheme === 'file')
    .map(({ uri }) => uri.fsPath);
}

/**
 * Resolves a given path, if it is relative inside the first workspace folder. The result has no
 * trailing slash.
 * @throws {NoWorkspaceError} @throws {KernelPathError}
 */
export function absolutePath(given: string): string {
  const [workspace] = workspaceFolders();
  if (workspace === undefined && !isAbsolute(given)) throw new NoWorkspaceError();
  const path = resolve(workspace ?? '', given);
  // Node's recursive mkdir never returns there.
  if (/^\/(proc|sys)(\/|$)/.test(path)) throw new KernelPathError(path);
  return path;
}
