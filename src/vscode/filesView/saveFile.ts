import { lstat } from 'node:fs/promises';
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { WrongKindError } from '../../browse/errors.ts';
import { FolderTakenError } from '../../pull/imageFolder.ts';
import { chooseFiles, FILES_FIELDS, type FilesNeeds } from '../command/chooseFiles.ts';
import { command } from '../command/command.ts';
import { chooseFile } from '../command/pickFile.ts';
import { offer, reveal } from '../common/offer.ts';
import { withNotification } from '../common/progress.ts';
import { absolutePath } from '../common/workspacePaths.ts';
import { saveWhole } from '../files/wholeFile.ts';

/** Saves a file of an image to disk. A given target must not exist yet. */
export const saveFile = command([...FILES_FIELDS, 'path', 'target'], async (argument, needs: FilesNeeds, call) => {
  const chosen = await chooseFiles(argument, needs, call, 'Save File');
  if (!chosen) return undefined;
  const path = argument.path ?? (call.interactive ? await chooseFile(chosen.tree, 'Save File') : '');
  if (path === undefined) return undefined;
  const node = chosen.tree.find(path);
  const { type } = node.facts;
  if (type !== 'file') throw new WrongKindError(node.path, type, 'file');
  const target = argument.target === undefined ? await askTarget(node.path) : absolutePath(argument.target);
  if (target === undefined) return undefined;
  if (argument.target !== undefined && (await lstat(target).catch(() => undefined)))
    throw new FolderTakenError(target, 'is there already');
  await withNotification(`Saving ${basename(target)}`, signal => saveWhole(chosen.tree, node, target, signal));
  if (call.interactive)
    offer(`Saved ${vscode.workspace.asRelativePath(target)}.`, { 'Show in Explorer': reveal(target) });
  return vscode.Uri.file(target);
});

async function askTarget(path: string): Promise<string | undefined> {
  const folder = vscode.workspace.workspaceFolders?.find(({ uri }) => uri.scheme === 'file')?.uri;
  const name = basename(path);
  const chosen = await vscode.window.showSaveDialog({
    title: 'Save File',
    ...(folder ? { defaultUri: vscode.Uri.joinPath(folder, name) } : {}),
  });
  return chosen?.fsPath;
}
