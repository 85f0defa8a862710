import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { writeWholeFile } from '../../blobs/wholeFile.ts';
import { cycloneDx } from '../../packages/sbom/cycloneDx.ts';
import { SBOM_FORMATS, type SbomFormat, type SbomSubject } from '../../packages/sbom/sbomSubject.ts';
import { spdx } from '../../packages/sbom/spdx.ts';
import { FolderTakenError } from '../../pull/imageFolder.ts';
import { IMAGE_FIELDS } from '../command/chooseImage.ts';
import { command } from '../command/command.ts';
import { InvalidArgumentError } from '../common/argument.ts';
import { offer, reveal } from '../common/offer.ts';
import { absolutePath } from '../common/workspacePaths.ts';
import { choosePackages, type ChosenPackages, type PackageNeeds } from './choosePackages.ts';

const TITLE = 'Export SBOM';

/** How each format is presented, the extension of its files, and its writer. */
const FORMS = {
  'cyclonedx-json': { label: 'CycloneDX', description: '1.6, JSON', extension: '.cdx.json', write: cycloneDx },
  'spdx-json': { label: 'SPDX', description: '2.3, JSON', extension: '.spdx.json', write: spdx },
} as const;

interface ExportNeeds extends PackageNeeds {
  readonly version: string;
}

/** Writes a list of what an image has installed. A given target must not exist yet. */
export const exportSbom = command([...IMAGE_FIELDS, 'format', 'target'], async (argument, needs: ExportNeeds, call) => {
  const given = argument.format === undefined ? undefined : checkedFormat(argument.format);
  if (!call.interactive && given === undefined) checkedFormat('');
  if (!call.interactive && argument.target === undefined) throw new InvalidArgumentError('target', 'a path');
  const fixed = argument.target === undefined ? undefined : absolutePath(argument.target);
  if (fixed !== undefined && (await lstat(fixed).catch(() => undefined)))
    throw new FolderTakenError(fixed, 'is there already');
  const chosen = await choosePackages(argument, needs, call, TITLE);
  if (!chosen) return undefined;
  const format = given ?? (await askFormat());
  const target = format && (fixed ?? (await askTarget(chosen, format)));
  if (format === undefined || target === undefined) return undefined;
  const { reference, manifestDigest: digest, platform } = chosen.image;
  const subject: SbomSubject = {
    reference,
    digest,
    platform,
    id: randomUUID(),
    created: new Date(),
    tool: needs.version,
  };
  await writeWholeFile(target, FORMS[format].write(subject, chosen.found));
  if (call.interactive)
    offer(`Exported the SBOM to ${vscode.workspace.asRelativePath(target)}.`, { 'Show in Explorer': reveal(target) });
  return vscode.Uri.file(target);
});

function checkedFormat(text: string): SbomFormat {
  const format = SBOM_FORMATS.find(known => known === text);
  if (format === undefined) throw new InvalidArgumentError('format', `one of ${SBOM_FORMATS.join(', ')}`);
  return format;
}

async function askFormat(): Promise<SbomFormat | undefined> {
  const items = SBOM_FORMATS.map(format => ({ ...FORMS[format], format }));
  return (await vscode.window.showQuickPick(items, { title: TITLE, placeHolder: 'Format' }))?.format;
}

async function askTarget({ image }: ChosenPackages, format: SbomFormat): Promise<string | undefined> {
  const { repository, tag } = image.reference;
  const base = repository.slice(repository.lastIndexOf('/') + 1);
  const name = `${base}${tag === undefined ? '' : `-${tag}`}${FORMS[format].extension}`;
  const folder = vscode.workspace.workspaceFolders?.find(({ uri }) => uri.scheme === 'file')?.uri.fsPath;
  const chosen = await vscode.window.showSaveDialog({
    title: TITLE,
    saveLabel: 'Export',
    filters: { JSON: ['json'] },
    ...(folder !== undefined && existsSync(folder) ? { defaultUri: vscode.Uri.file(join(folder, name)) } : {}),
  });
  return chosen?.fsPath;
}
