import * as vscode from 'vscode';
import { WrongKindError } from '../../browse/errors.ts';
import { chooseFiles } from '../command/chooseFiles.ts';
import { fileUri } from '../files/fileUri.ts';
import { pickFile } from '../command/pickFile.ts';
import type { RunCommand } from '../commandTable.ts';

/** Opens a file of an image, or of one layer, in an editor; without a path a person chooses one. Links are followed. */
export const openFile: RunCommand = async (argument, services) => {
  const chosen = await chooseFiles(argument, services, 'Open File');
  if (!chosen) return undefined;
  if (argument.path === undefined && services.interactive) return pickFile(chosen, 'Open File');
  const node = chosen.tree.find(argument.path ?? '');
  if (node.isDirectory) throw new WrongKindError(node.path, 'directory', 'file');
  const uri = fileUri(chosen.image, node.path, chosen.layer);
  await vscode.commands.executeCommand('vscode.open', uri);
  return uri;
};
