import * as vscode from 'vscode';
import { mergeLayerFiles } from '../../export/mergeImage.ts';
import type { TransferWatch } from '../../workers/readLayers.ts';
import { askNewFolder } from '../command/ask.ts';
import { command, type Call } from '../command/command.ts';
import { chooseTargetFolder } from '../command/targetFolder.ts';
import { offer, reveal, warningsNoted } from '../common/offer.ts';
import { withTransfer } from '../common/progress.ts';
import { absolutePath } from '../common/workspacePaths.ts';
import type { Settings } from '../settings/settings.ts';
import { exportSourceOf, type ExportSource, type ExportSourceNeeds } from './exportSource.ts';

interface MergedNeeds extends ExportSourceNeeds {
  readonly log: vscode.LogOutputChannel;
  readonly settings: () => Settings;
}

/** Applies all layers of an image in order to one plain folder, for use without overlay mounts. */
export const extractMerged = command(
  ['reference', 'platform', 'folder', 'target'],
  async (argument, needs: MergedNeeds, call) => {
    const source = await exportSourceOf(argument, needs, call, 'Extract Merged');
    if (!source) return undefined;
    const { target } = argument;
    const folder = target === undefined ? await askTarget(source, needs, call) : absolutePath(target);
    if (folder === undefined) return undefined;
    const { maxBytes, maxEntries } = needs.settings();
    const script = new URL('./mergeWorker.js', import.meta.url);
    const warnings = await withTransfer(`Extracting ${source.title}`, (signal, report) => {
      const watch: TransferWatch = { signal, report };
      // Keeps the cache in use throughout, so that nothing being read is pruned.
      return needs.pulls.use(async () =>
        mergeLayerFiles(await source.files(watch), { folder, limits: { maxBytes, maxEntries }, script }, watch),
      );
    });
    for (const warning of warnings) needs.log.warn(`${source.title}: ${warning}`);
    if (call.interactive) reportMerged(folder, warnings.length);
    return vscode.Uri.file(folder);
  },
);

async function askTarget({ name }: ExportSource, { images }: MergedNeeds, call: Call): Promise<string | undefined> {
  const usual = await chooseTargetFolder(`${name}-merged`, undefined, images, call, 'Extract Merged');
  if (usual === undefined || !call.interactive) return usual;
  return askNewFolder('Extract Merged', "A new or empty folder for the image's files", usual);
}

function reportMerged(folder: string, warnings: number): void {
  offer(`Extracted all layers into ${vscode.workspace.asRelativePath(folder)}.${warningsNoted(warnings)}`, {
    'Show Files': reveal(folder),
  });
}
