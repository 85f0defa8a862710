import * as vscode from 'vscode';
import { formatPlatform } from '../../oci/platform.ts';
import { chooseFiles, FILES_FIELDS, type FilesNeeds } from '../command/chooseFiles.ts';
import { chooseImage, IMAGE_FIELDS, type ImageNeeds } from '../command/chooseImage.ts';
import { command } from '../command/command.ts';
import { activeFile } from '../command/imageInView.ts';
import { argumentOf } from '../common/argument.ts';
import type { Views } from '../common/reveal.ts';
import { fileUri } from '../files/fileUri.ts';
import { imageName } from '../registries/imageName.ts';
import { locateInTree } from './treeLocation.ts';

interface RevealNeeds extends FilesNeeds {
  readonly views: Views;
}

const FILE_FIELDS = [...FILES_FIELDS, 'path'] as const;

/**
 * Adds an image's files to the workspace as a read-only folder. Returns its Uri. VS Code reopens a
 * window that isn't a workspace of several folders yet; started from the UI, asks first.
 */
export const browseImage = command(IMAGE_FIELDS, async (argument, needs: ImageNeeds, call) => {
  const image = await chooseImage(argument, needs, call, 'Add Image Files to Explorer');
  if (!image) return undefined;
  const uri = fileUri(image, '');
  const folders = vscode.workspace.workspaceFolders ?? [];
  const present = folders.some(folder => folder.uri.toString() === uri.toString());
  const usual = imageName(image.reference, needs.registries);
  const reopens = !present && vscode.workspace.workspaceFile === undefined;
  const place = call.interactive && reopens ? await askWindow(usual) : 'here';
  if (place === undefined) return undefined;
  if (place === 'new window') {
    await vscode.commands.executeCommand('vscode.openFolder', uri, { forceNewWindow: true });
    return uri;
  }
  // After the others: a new first folder would restart every extension. The Uri finds the image
  // again after a reload.
  if (!present) {
    const taken = folders.some(folder => folder.name === usual);
    const name = taken ? `${usual} ${formatPlatform(image.platform)}` : usual;
    vscode.workspace.updateWorkspaceFolders(folders.length, 0, { uri, name });
  }
  // A window that reloads for the new folder shows the Explorer by itself.
  if (call.interactive && (present || folders.length > 1))
    await vscode.commands.executeCommand('workbench.view.explorer');
  return uri;
});

/** Prompts for the window that shows the files; `undefined` if the user cancels. */
async function askWindow(name: string): Promise<'here' | 'new window' | undefined> {
  const here = 'Reopen as Workspace';
  const fresh = 'Open in New Window';
  const message = `Add the files of ${name} to the Explorer?`;
  const detail =
    'VS Code has to reopen this window as a workspace with several folders. The Peel view shows the same files without that.';
  const chosen = await vscode.window.showInformationMessage(message, { modal: true, detail }, here, fresh);
  if (chosen === undefined) return undefined;
  return chosen === here ? 'here' : 'new window';
}

/**
 * Shows a file below the layer that brought it, or below the given layer. Without a path, takes the
 * file in the active editor. Returns the layer's number.
 */
export const revealInLayer = command(FILE_FIELDS, async (argument, needs: RevealNeeds, call) => {
  const given = argument.path === undefined ? argumentOf(activeFile(), FILE_FIELDS) : argument;
  const { layer: named, ...whole } = given;
  const chosen = await chooseFiles(named === undefined ? whole : given, needs, call, 'Reveal in Layer');
  if (!chosen) return undefined;
  const { path, layer } = chosen.tree.find(given.path ?? '', false);
  await needs.views.revealFile(await locateInTree(chosen.image, needs), path, layer);
  return layer;
});

/** Shows a layer's file among the image's files, with all layers merged. Returns its path. */
export const revealInFiles = command(FILE_FIELDS, async ({ layer: _layer, ...whole }, needs: RevealNeeds, call) => {
  const chosen = await chooseFiles(whole, needs, call, 'Reveal in Files');
  if (!chosen) return undefined;
  const { path } = chosen.tree.find(whole.path ?? '', false);
  await needs.views.revealFile(await locateInTree(chosen.image, needs), path);
  return path;
});
