import type { Settings } from '../settings/settings.ts';
import type { ExportSourceNeeds } from './exportSource.ts';
import { command, type Call } from '../command/command.ts';
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { familiarName } from '../../oci/reference.ts';
import { fetchLayers, layerFilesOf, mergeLayerFiles, type LayerFile } from '../../export/mergeImage.ts';
import type { TransferWatch } from '../../workers/readLayers.ts';
import { askReference } from '../command/ask.ts';
import { choosePlatformFor } from '../command/choosePlatform.ts';
import { defaultFolderName } from '../images/folderNames.ts';
import { offer, reveal, warningsNoted } from '../common/offer.ts';
import { chooseTargetFolder } from '../command/targetFolder.ts';
import { withTransfer } from '../common/progress.ts';
import { IncompleteImageError } from '../common/errors.ts';
import type { ImageArgument } from '../command/chooseImage.ts';
import { absolutePath } from '../common/workspacePaths.ts';

/** Where the layers come from: a pulled image's folder, or the registry. */
interface Source {
  /** For progress. */
  readonly title: string;
  /** For the folder's name. */
  readonly name: string;
  files(watch: TransferWatch): Promise<readonly LayerFile[]>;
}

interface MergedNeeds extends ExportSourceNeeds {
  readonly log: vscode.LogOutputChannel;
  readonly settings: () => Settings;
}

/** Applies all layers of an image in order to one plain folder, for use without overlay mounts. */
export const extractMerged = command(
  ['reference', 'platform', 'folder', 'target'],
  async (argument, needs: MergedNeeds, call) => {
    const source = await sourceOf(argument, needs, call);
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

async function sourceOf(argument: ImageArgument, needs: MergedNeeds, call: Call): Promise<Source | undefined> {
  if (argument.folder !== undefined) {
    const { image } = await needs.images.read(argument.folder);
    if (!image.complete) throw new IncompleteImageError(image);
    const name = basename(image.folder);
    return { title: name, name, files: () => Promise.resolve(layerFilesOf(image)) };
  }
  const reference = await askReference(argument, 'Extract Merged');
  const image =
    reference && (await choosePlatformFor(reference, argument.platform, needs.lookup, call, 'Extract Merged'));
  if (!image) return undefined;
  const { pulls, registries } = needs;
  return {
    title: familiarName(reference),
    name: defaultFolderName(reference),
    files: async watch => {
      const origin = await registries.originOf(reference.registry);
      return pulls.use(layerWork => fetchLayers(layerWork, image, origin, watch));
    },
  };
}

async function askTarget({ name }: Source, { images }: MergedNeeds, call: Call): Promise<string | undefined> {
  const usual = await chooseTargetFolder(`${name}-merged`, undefined, images, call, 'Extract Merged');
  if (usual === undefined || !call.interactive) return usual;
  const typed = await vscode.window.showInputBox({
    title: 'Extract Merged',
    prompt: "A new or empty folder for the image's files",
    value: usual,
    valueSelection: [usual.length - basename(usual).length, usual.length],
    ignoreFocusOut: true,
  });
  return typed === undefined || typed.trim() === '' ? undefined : absolutePath(typed.trim());
}

function reportMerged(folder: string, warnings: number): void {
  offer(`Extracted all layers into ${vscode.workspace.asRelativePath(folder)}.${warningsNoted(warnings)}`, {
    'Show Files': reveal(folder),
  });
}
