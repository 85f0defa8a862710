import { join } from 'node:path';
import * as vscode from 'vscode';
import { askFolder } from './ask.ts';
import type { CommandServices } from '../features.ts';
import { absolutePath, NoPlaceError } from '../common/workspacePaths.ts';

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
