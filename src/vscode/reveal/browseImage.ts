import * as vscode from 'vscode';
import { formatPlatform } from '../../oci/platform.ts';
import { chooseImage } from '../command/chooseImage.ts';
import { fileUri } from '../files/fileUri.ts';
import { imageName } from '../registries/imageName.ts';
import type { RunCommand } from '../commandTable.ts';

/** Adds an image's files to the workspace as a read-only folder. Returns its Uri. */
export const browseImage: RunCommand = async (argument, services) => {
  const image = await chooseImage(argument, services, 'Browse Image');
  if (!image) return undefined;
  const uri = fileUri(image, '');
  const folders = vscode.workspace.workspaceFolders ?? [];
  const there = folders.some(folder => folder.uri.toString() === uri.toString());
  // Behind the others: a new first folder would restart every extension. The Uri finds the image again after a reload by itself.
  if (!there) {
    const usual = imageName(image.reference, services.registries);
    const taken = folders.some(folder => folder.name === usual);
    const name = taken ? `${usual} ${formatPlatform(image.platform)}` : usual;
    vscode.workspace.updateWorkspaceFolders(folders.length, 0, { uri, name });
  }
  // Where the window comes up anew, it shows the Explorer by itself.
  if (services.interactive && (there || folders.length > 1))
    await vscode.commands.executeCommand('workbench.view.explorer');
  return uri;
};
