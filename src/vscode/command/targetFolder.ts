import { join } from 'node:path';
import * as vscode from 'vscode';
import { absolutePath, NoWorkspaceError } from '../common/workspacePaths.ts';
import type { PulledImages } from '../images/pulledImages.ts';
import { askFolder } from './ask.ts';
import type { Call } from './command.ts';

/**
 * Returns the folder to create something in: the given one, else `name` in the images folder.
 * Prompts where there are several images folders or none. `undefined` when the user dismisses that.
 * @throws {NoWorkspaceError} if not interactive
 */
export async function chooseTargetFolder(
  name: string,
  given: string | undefined,
  images: Pick<PulledImages, 'imagesFolders'>,
  { interactive }: Call,
  title: string,
): Promise<string | undefined> {
  if (given !== undefined) return absolutePath(given);
  const parents = images.imagesFolders();
  const [first] = parents;
  if (first !== undefined && (parents.length === 1 || !interactive)) return join(first, name);
  if (!interactive) throw new NoWorkspaceError();
  const parent =
    first === undefined
      ? await askFolder(`${title}: Choose Where to Put ${name}`, 'Choose Folder')
      : await vscode.window.showQuickPick([...parents], { title, placeHolder: 'Folder for the image' });
  return parent === undefined ? undefined : join(parent, name);
}
