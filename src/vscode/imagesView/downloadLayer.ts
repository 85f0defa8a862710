import { join } from 'node:path';
import * as vscode from 'vscode';
import { downloadLayer as download } from '../../pull/oneLayer.ts';
import { defaultFolderName } from '../images/folderNames.ts';
import { artifactFileName, layerFileName } from '../images/layerNames.ts';
import { offer, reveal } from '../common/offer.ts';
import { chooseLayer, transferLayer } from './oneLayer.ts';
import { placeFor } from '../command/targetFolder.ts';
import type { RunCommand } from '../commandTable.ts';

/** Downloads one layer's blob, or one file of an artifact, as it is, verified, into a folder. */
export const downloadLayer: RunCommand = async (argument, services) => {
  const chosen = await chooseLayer(argument, services, 'Download Layer');
  if (!chosen) return undefined;
  const folder = await placeFor(
    `${defaultFolderName(chosen.reference)}-layers`,
    argument.folder,
    services,
    'Download Layer',
  );
  if (folder === undefined) return undefined;
  const name = chosen.image.artifact ? artifactFileName(chosen.layer) : layerFileName(chosen.layer);
  const file = join(folder, name);
  const done = await transferLayer(chosen, services, (puller, options) => download(puller, options, file));
  if (services.interactive)
    offer(`Downloaded to ${vscode.workspace.asRelativePath(done.path)}.`, { 'Show in Explorer': reveal(done.path) });
  return done;
};
