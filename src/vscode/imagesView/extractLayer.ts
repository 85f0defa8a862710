import { join } from 'node:path';
import * as vscode from 'vscode';
import { extractLayer as extract } from '../../pull/oneLayer.ts';
import { command } from '../command/command.ts';
import { chooseTargetFolder } from '../command/targetFolder.ts';
import { offer, reveal } from '../common/offer.ts';
import { absolutePath } from '../common/workspacePaths.ts';
import { defaultFolderName, layerFolderName } from '../images/names.ts';
import type { Settings } from '../settings/settings.ts';
import { chooseLayer, transferLayer, type LayerWorkNeeds } from './oneLayer.ts';

/**
 * Downloads one layer and unpacks it into a new folder: the given one, or one named after the
 * layer.
 */
export const extractLayer = command(
  ['reference', 'platform', 'layer', 'folder'],
  async (argument, needs: LayerWorkNeeds & { readonly settings: () => Settings }, call) => {
    const chosen = await chooseLayer(argument, needs, call, 'Extract Layer');
    if (!chosen) return undefined;
    const folder = argument.folder === undefined ? await defaultFolder() : absolutePath(argument.folder);
    if (folder === undefined) return undefined;
    const { maxBytes, maxEntries } = needs.settings();
    const done = await transferLayer(chosen, needs, (layerWork, options) =>
      extract(layerWork, options, folder, { maxBytes, maxEntries }),
    );
    if (call.interactive)
      offer(`Extracted into ${vscode.workspace.asRelativePath(done.path)}.`, { 'Show in Explorer': reveal(done.path) });
    return done;

    async function defaultFolder(): Promise<string | undefined> {
      if (!chosen) return undefined;
      const parent = await chooseTargetFolder(
        `${defaultFolderName(chosen.reference)}-layers`,
        undefined,
        needs.images,
        call,
        'Extract Layer',
      );
      return parent === undefined ? undefined : join(parent, layerFolderName(chosen.layer));
    }
  },
);
