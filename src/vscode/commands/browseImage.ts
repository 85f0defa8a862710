import * as vscode from 'vscode';
import { familiarName } from '../../oci/reference.ts';
import { askReference } from '../ask.ts';
import { choosePlatformFor } from '../choosePlatform.ts';
import { fileUri } from '../fileUri.ts';
import type { RunCommand } from './table.ts';

/** Adds an image's files to the workspace as a read-only folder. Returns its Uri. */
export const browseImage: RunCommand = async (argument, services) => {
  const reference = await askReference(argument, 'Browse Image');
  if (!reference) return undefined;
  const image = await choosePlatformFor(reference, argument.platform, services, 'Browse Image');
  if (!image) return undefined;
  const uri = fileUri(image, '');
  const folders = vscode.workspace.workspaceFolders ?? [];
  const there = folders.some(folder => folder.uri.toString() === uri.toString());
  // Behind the others: a new first folder would restart every extension. The Uri finds the image again after a reload by itself.
  if (!there) vscode.workspace.updateWorkspaceFolders(folders.length, 0, { uri, name: familiarName(reference) });
  return uri;
};
