import { lstat } from 'node:fs/promises';
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { factsOf } from '../../browse/tree/mergedTree.ts';
import { WrongKindError } from '../../browse/errors.ts';
import { FolderTakenError } from '../../pull/imageFolder.ts';
import { chooseFiles } from '../command/chooseFiles.ts';
import { saveWhole } from '../files/wholeFile.ts';
import { offer, reveal } from '../common/offer.ts';
import { withNotification } from '../common/progress.ts';
import { chooseFile } from '../command/pickFile.ts';
import { absolutePath } from '../common/workspacePaths.ts';
import type { RunCommand } from '../commandTable.ts';

/** Saves a file of an image to the disk. What a program names as the target must not be there yet; a person is asked. */
export const saveFile: RunCommand = async (argument, services) => {
  const chosen = await chooseFiles(argument, services, 'Save File');
  if (!chosen) return undefined;
  const path = argument.path ?? (services.interactive ? await chooseFile(chosen.tree, 'Save File') : '');
  if (path === undefined) return undefined;
  const node = chosen.tree.find(path);
  const { type } = factsOf(node);
  if (type !== 'file') throw new WrongKindError(node.path, type, 'file');
  const target = argument.target === undefined ? await askTarget(node.path) : absolutePath(argument.target);
  if (target === undefined) return undefined;
  if (argument.target !== undefined && (await lstat(target).catch(() => undefined)))
    throw new FolderTakenError(target, 'is there already');
  await withNotification(`Saving ${basename(target)}`, signal => saveWhole(chosen.tree, node, target, signal));
  if (services.interactive)
    offer(`Saved ${vscode.workspace.asRelativePath(target)}.`, { 'Show in Explorer': reveal(target) });
  return vscode.Uri.file(target);
};

async function askTarget(path: string): Promise<string | undefined> {
  const folder = vscode.workspace.workspaceFolders?.find(({ uri }) => uri.scheme === 'file')?.uri;
  const name = basename(path);
  const chosen = await vscode.window.showSaveDialog({
    title: 'Save File',
    ...(folder ? { defaultUri: vscode.Uri.joinPath(folder, name) } : {}),
  });
  return chosen?.fsPath;
}
