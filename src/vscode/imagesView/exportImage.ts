import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import * as vscode from 'vscode';
import { exportImage as runExport } from '../../export/exportImage.ts';
import { EXPORT_FORMATS, type ExportFormat } from '../../export/exportJob.ts';
import type { TransferWatch } from '../../workers/readLayers.ts';
import { askNewFolder } from '../command/ask.ts';
import { command, type Call } from '../command/command.ts';
import { chooseTargetFolder } from '../command/targetFolder.ts';
import { InvalidArgumentError } from '../common/argument.ts';
import { offer, reveal, warningsNoted } from '../common/offer.ts';
import { withTransfer } from '../common/progress.ts';
import { absolutePath } from '../common/workspacePaths.ts';
import type { Settings } from '../settings/settings.ts';
import { exportSourceOf, type ExportSource, type ExportSourceNeeds } from './exportSource.ts';

/** How each format is presented, and the default file's extension. */
const FORMS: Readonly<Record<ExportFormat, { label: string; detail: string; extension: string }>> = {
  'oci-layout': {
    label: 'OCI layout',
    detail: 'A folder, for skopeo, umoci, crane and podman',
    extension: '-oci',
  },
  'oci-archive': { label: 'OCI archive', detail: 'The same as a single tar file', extension: '.oci.tar' },
  'docker-archive': { label: 'Docker archive', detail: 'A tar file for docker load', extension: '.docker.tar' },
  'rootfs-tar': {
    label: 'Root file system',
    detail: 'All layers merged into one tar file, with owners, devices and attributes',
    extension: '.rootfs.tar',
  },
};

/** Where to write, and whether an existing file may be replaced. */
interface Target {
  readonly path: string;
  readonly replace: boolean;
}

interface ExportNeeds extends ExportSourceNeeds {
  readonly log: vscode.LogOutputChannel;
  readonly settings: () => Settings;
}

/**
 * Exports a pulled image, or one straight from its registry, as a layout or archive for other
 * tools.
 */
export const exportImage = command(
  ['reference', 'platform', 'folder', 'format', 'target'],
  async (argument, needs: ExportNeeds, call) => {
    const given = argument.format === undefined ? undefined : checkedFormat(argument.format);
    const source = await exportSourceOf(argument, needs, call, 'Export Image');
    if (!source) return undefined;
    const format = given ?? (await askFormat(source));
    if (format === undefined) return undefined;
    const target = await targetFor(argument.target, format, source, needs, call);
    if (!target) return undefined;
    const { maxBytes, maxEntries } = needs.settings();
    const script = new URL('./exportWorker.js', import.meta.url);
    const warnings = await withTransfer(`Exporting ${source.title}`, (signal, report) => {
      const watch: TransferWatch = {
        signal,
        report: transfer => report({ ...transfer, layersDone: 0, layers: 0 }),
      };
      // Keeps the cache in use throughout, so that nothing being read is pruned.
      return needs.pulls.use(async () => {
        const { image, files } = await source.open(watch);
        return runExport(image, files, { ...target, format, limits: { maxBytes, maxEntries }, script }, watch);
      });
    });
    for (const warning of warnings) needs.log.warn(`${source.title}: ${warning}`);
    if (call.interactive) reportExport(target.path, warnings.length);
    return vscode.Uri.file(target.path);
  },
);

function checkedFormat(text: string): ExportFormat {
  const format = EXPORT_FORMATS.find(known => known === text);
  if (format === undefined) throw new InvalidArgumentError('format', `one of ${EXPORT_FORMATS.join(', ')}`);
  return format;
}

async function askFormat({ title }: ExportSource): Promise<ExportFormat | undefined> {
  const items = EXPORT_FORMATS.map(format => ({ ...FORMS[format], format }));
  const options = { title: `Export ${title}`, placeHolder: 'Format', matchOnDetail: true };
  return (await vscode.window.showQuickPick(items, options))?.format;
}

async function targetFor(
  given: string | undefined,
  format: ExportFormat,
  source: ExportSource,
  { images }: ExportNeeds,
  call: Call,
): Promise<Target | undefined> {
  if (given !== undefined) return { path: absolutePath(given), replace: false };
  const usual = await chooseTargetFolder(
    `${source.name}${FORMS[format].extension}`,
    undefined,
    images,
    call,
    'Export Image',
  );
  if (usual === undefined) return undefined;
  if (!call.interactive) return { path: usual, replace: false };
  if (format === 'oci-layout') {
    const path = await askNewFolder('Export Image', 'A new or empty folder for the OCI layout', usual);
    return path === undefined ? undefined : { path, replace: false };
  }
  // The dialog itself confirms replacing a file.
  const chosen = await vscode.window.showSaveDialog({
    title: `Export ${source.title}`,
    saveLabel: 'Export',
    // The dialog drops a name in a folder that doesn't exist.
    defaultUri: vscode.Uri.file(existsSync(dirname(usual)) ? usual : join(dirname(dirname(usual)), basename(usual))),
    filters: { 'Tar archives': ['tar'] },
  });
  return chosen && { path: chosen.fsPath, replace: true };
}

function reportExport(path: string, warnings: number): void {
  offer(`Exported to ${vscode.workspace.asRelativePath(path)}.${warningsNoted(warnings)}`, {
    'Show in Explorer': reveal(path),
  });
}
