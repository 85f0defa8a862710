import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type { ChangedEntry } from '../../insight/compare.ts';
import type { FileEntry } from '../../insight/layerContent.ts';
import { formatPlatform } from '../../oci/platform.ts';
import { formatReference } from '../../oci/reference.ts';
import type { ChosenFiles } from '../browsing.ts';
import type { CommandArgument } from '../commands/argument.ts';
import { compare } from '../comparison.ts';
import { COMMANDS, WEBVIEWS } from '../ids.ts';
import { imageName } from '../imageName.ts';
import { withNotification } from '../progress.ts';
import type { CommandServices } from '../services.ts';
import type { ChangeNode } from './changeTree.ts';
import { commandLink } from './commandLink.ts';
import { comparisonHtml } from './comparisonHtml.ts';
import { pageHtml } from './pageHtml.ts';

/** An entry as commands give it to programs. */
type ToldEntry = Omit<FileEntry, 'content' | 'linkname'> & { readonly linkname?: string };

/** What commands that compare give to programs. */
interface ToldDifference {
  readonly added: readonly ToldEntry[];
  readonly removed: readonly ToldEntry[];
  readonly changed: readonly (ToldEntry & { readonly before: ToldEntry; readonly differs: readonly string[] })[];
  readonly packages: Awaited<ReturnType<typeof compare>>['packages'];
}

/** Compares, and opens the page that tells of it. Files that changed lead to the editor for differences, others to an editor. */
export async function showComparison(
  left: ChosenFiles,
  right: ChosenFiles,
  { registries }: CommandServices,
): Promise<ToldDifference> {
  const nameOf = ({ image, layer }: ChosenFiles): string => {
    const name = `${imageName(image.reference, registries)} ${formatPlatform(image.platform)}`;
    return layer === undefined ? name : `${name} layer ${layer}`;
  };
  const comparison = await withNotification('Comparing', signal => compare(left, right, signal));
  const title = `${nameOf(left)} ↔ ${nameOf(right)}`;
  const panel = vscode.window.createWebviewPanel(WEBVIEWS.comparison, title, vscode.ViewColumn.Active, {
    enableScripts: false,
    enableCommandUris: [COMMANDS.openFile, COMMANDS.compareFiles],
    enableForms: false,
    enableFindWidget: true,
    localResourceRoots: [],
  });
  const body = comparisonHtml(nameOf(left), nameOf(right), comparison, node => linkTo(node, left, right));
  panel.webview.html = pageHtml(title, randomBytes(16).toString('hex'), body);
  return {
    added: comparison.added.map(told),
    removed: comparison.removed.map(told),
    changed: comparison.changed.map(toldChange),
    packages: comparison.packages,
  };
}

function linkTo({ mark, entry }: ChangeNode, left: ChosenFiles, right: ChosenFiles): string | undefined {
  if (entry?.type !== 'file') return undefined;
  const { path } = entry;
  if (mark === 'changed')
    return commandLink(COMMANDS.compareFiles, { left: placeOf(left, path), right: placeOf(right, path) });
  return commandLink(COMMANDS.openFile, placeOf(mark === 'removed' ? left : right, path));
}

function placeOf({ image, layer }: ChosenFiles, path: string): CommandArgument {
  // By its digest: the page is about what was compared, whatever the tag names tomorrow.
  const reference = formatReference({ ...image.reference, digest: image.manifestDigest });
  const platform = formatPlatform(image.platform);
  return { reference, platform, path: path.toWellFormed(), ...(layer === undefined ? {} : { layer }) };
}

function told({ content: _content, linkname, ...entry }: FileEntry): ToldEntry {
  return { ...entry, ...(linkname === '' ? {} : { linkname }) };
}

function toldChange({ before, differs, ...entry }: ChangedEntry): ToldDifference['changed'][number] {
  return { ...told(entry), before: told(before), differs };
}
