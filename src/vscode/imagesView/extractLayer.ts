import { join } from 'node:path';
import * as vscode from 'vscode';
import { extractLayer as extract } from '../../pull/oneLayer.ts';
import { defaultFolderName } from '../images/folderNames.ts';
import { layerFolderName } from '../images/layerNames.ts';
import { offer, reveal } from '../common/offer.ts';
import { chooseLayer, transferLayer } from './oneLayer.ts';
import { placeFor } from '../command/targetFolder.ts';
import { absolutePath } from '../common/workspacePaths.ts';
import type { RunCommand } from '../commandTable.ts';

/** Downloads one layer and unpacks it into a new folder: the one that was given, else one named by the layer. */
export const extractLayer: RunCommand = async (argument, services) => {
  const chosen = await chooseLayer(argument, services, 'Extract Layer');
  if (!chosen) return undefined;
  const folder = argument.folder === undefined ? await usualPlace() : absolutePath(argument.folder);
  if (folder === undefined) return undefined;
  const { maxBytes, maxEntries } = services.settings();
  const done = await transferLayer(chosen, services, (puller, options) =>
    extract(puller, options, folder, { maxBytes, maxEntries }),
  );
  if (services.interactive)
    offer(`Extracted into ${vscode.workspace.asRelativePath(done.path)}.`, { 'Show in Explorer': reveal(done.path) });
  return done;

  async function usualPlace(): Promise<string | undefined> {
    if (!chosen) return undefined;
    const parent = await placeFor(
      `${defaultFolderName(chosen.reference)}-layers`,
      undefined,
      services,
      'Extract Layer',
    );
    return parent === undefined ? undefined : join(parent, layerFolderName(chosen.layer));
  }
};
