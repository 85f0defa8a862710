import { isAbsolute, join, resolve } from 'node:path';
import * as vscode from 'vscode';
import { askFolder } from './ask.ts';
import { workspaceFolders } from './images.ts';
import type { CommandServices } from './services.ts';

/** No workspace is open, and nobody said where something is to go. */
export class NoPlaceError extends Error {
  constructor() {
    super(
      'No folder is open that this could be written into. Open a folder first, or name one: in the command\'s argument, or as the setting "peel.imagesFolder".',
    );
    this.name = 'NoPlaceError';
  }
}

/** A path that a caller gave: as it is, or inside the first workspace folder. @throws {NoPlaceError} */
export function absolutePath(given: string): string {
  if (isAbsolute(given)) return resolve(given);
  const [workspace] = workspaceFolders();
  if (workspace === undefined) throw new NoPlaceError();
  return join(workspace, given);
}

/**
 * The folder that something new goes into: the one that was given, else `name` in the images folder, which a person chooses where there are several or none.
 * `undefined` when the person left the choice. @throws {NoPlaceError}
 */
export async function placeFor(
  name: string,
  given: string | undefined,
  { images, interactive }: CommandServices,
  title: string,
): Promise<string | undefined> {
  if (given !== undefined) return absolutePath(given);
  const parents = images.imagesFolders();
  const [first] = parents;
  if (first !== undefined && (parents.length === 1 || !interactive)) return join(first, name);
  if (!interactive) throw new NoPlaceError();
  const parent =
    first === undefined
      ? await askFolder(title, 'Choose')
      : await vscode.window.showQuickPick([...parents], { title, placeHolder: 'Folder for the image' });
  return parent === undefined ? undefined : join(parent, name);
}
