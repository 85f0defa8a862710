import { access } from 'node:fs/promises';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { downloadLayer as download } from '../../pull/oneLayer.ts';
import { askImageFolder } from '../command/ask.ts';
import { command } from '../command/command.ts';
import { chooseTargetFolder } from '../command/targetFolder.ts';
import { offer, reveal } from '../common/offer.ts';
import { formatBytes } from '../common/text.ts';
import type { ImageFiles } from '../files/imageFiles.ts';
import { artifactFileName, defaultFolderName, layerFileName } from '../images/names.ts';
import type { PulledImages } from '../images/pulledImages.ts';
import type { Pulls } from '../images/pulls.ts';
import { chooseLayer, transferLayer, type LayerWorkNeeds } from './oneLayer.ts';

/**
 * Downloads one layer's blob, or one file of an artifact, verified and unchanged, into a folder.
 */
export const downloadLayer = command(
  ['reference', 'platform', 'layer', 'folder'],
  async (argument, needs: LayerWorkNeeds, call) => {
    const title = 'Download Layer';
    const chosen = await chooseLayer(argument, needs, call, title);
    if (!chosen) return undefined;
    const name = `${defaultFolderName(chosen.reference)}-layers`;
    const folder = await chooseTargetFolder(name, argument.folder, needs.images, call, title);
    if (folder === undefined) return undefined;
    const file = join(folder, chosen.image.artifact ? artifactFileName(chosen.layer) : layerFileName(chosen.layer));
    const done = await transferLayer(chosen, needs, (layerWork, options) => download(layerWork, options, file));
    if (call.interactive)
      offer(`Downloaded to ${vscode.workspace.asRelativePath(done.path)}.`, { 'Show in Explorer': reveal(done.path) });
    return done;
  },
);

/**
 * Shows an image's folder: in the Explorer if it is in the workspace, else in the file manager or a
 * new window.
 */
export const openFolder = command(['folder'], async (argument, { images }: { readonly images: PulledImages }) => {
  const folder = await askImageFolder(argument, images, 'Reveal Pulled Image in Explorer');
  if (folder === undefined) return;
  await access(folder);
  const uri = vscode.Uri.file(folder);
  if (vscode.workspace.getWorkspaceFolder(uri)) await vscode.commands.executeCommand('revealInExplorer', uri);
  else if (vscode.env.remoteName === undefined && vscode.env.uiKind === vscode.UIKind.Desktop)
    await vscode.commands.executeCommand('revealFileInOS', uri);
  else await vscode.commands.executeCommand('vscode.openFolder', uri, { forceNewWindow: true });
});

/**
 * Empties the cache of downloaded layers, and returns the bytes freed. Started from the UI,
 * confirms first. Pulled images have their own links to the blobs and stay whole.
 */
export const cleanCache = command(
  [],
  async (_argument, { pulls, files }: { readonly pulls: Pulls; readonly files: ImageFiles }, call) => {
    if (call.interactive) {
      const size = await (await pulls.store()).size();
      if (size === 0) {
        void vscode.window.showInformationMessage('The cache of downloaded layers is empty.');
        return 0;
      }
      const remove = 'Clear';
      const detail = 'Pulled images are kept. Layers needed later are downloaded again.';
      const question = `Remove ${formatBytes(size)} of downloaded layers?`;
      const answer = await vscode.window.showWarningMessage(question, { modal: true, detail }, remove);
      if (answer !== remove) return undefined;
    }
    const freed = await pulls.clear();
    files.forget();
    return freed;
  },
);
