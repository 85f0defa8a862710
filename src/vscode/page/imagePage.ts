import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { formatPlatform } from '../../oci/platform.ts';
import { formatReference } from '../../oci/reference.ts';
import type { ResolvedImage } from '../../pull/resolveImage.ts';
import { COMMANDS, WEBVIEWS } from '../ids.ts';
import { imageName } from '../imageName.ts';
import type { Registries } from '../services.ts';
import { plainText } from '../tree/text.ts';
import type { Analysis } from './filesHtml.ts';
import { commandLink } from './commandLink.ts';
import { imageHtml, type PageAction } from './imageHtml.ts';
import { pageHtml } from './pageHtml.ts';

/** The links of a page. It can run these commands and no others. */
const ACTIONS = [
  ['Pull Image…', COMMANDS.pullImage],
  ['Analyze Files', COMMANDS.analyzeImage],
  ['Show Manifest', COMMANDS.showManifest],
  ['Show Config', COMMANDS.showConfig],
  ['Copy curl Lines', COMMANDS.copyCurl],
] as const;

/** Opens the page about an image in an editor of its own, in place of an older one about the same. */
export async function showPage(image: ResolvedImage, registries: Registries, analysis?: Analysis): Promise<void> {
  const name = imageName(image.reference, registries);
  const title = plainText(`${name} ${formatPlatform(image.platform)}`, 300);
  const older = vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs).filter(tab => isPage(tab, title));
  const panel = vscode.window.createWebviewPanel(WEBVIEWS.imagePage, title, vscode.ViewColumn.Active, {
    enableScripts: false,
    enableCommandUris: [...ACTIONS.map(([, command]) => command), COMMANDS.openFile],
    enableForms: false,
    enableFindWidget: true,
    localResourceRoots: [],
  });
  const place = {
    reference: formatReference({ ...image.reference, digest: image.manifestDigest }),
    platform: formatPlatform(image.platform),
  };
  // By its digest: the files are those that were read, whatever the tag names tomorrow.
  const linkTo = (path: string, layer: number): string =>
    commandLink(COMMANDS.openFile, { ...place, layer, path: path.toWellFormed() });
  const body = imageHtml(name, image, actionsOf(image), Date.now(), analysis && { ...analysis, linkTo });
  panel.webview.html = pageHtml(title, randomBytes(16).toString('hex'), body);
  if (older.length > 0) await vscode.window.tabGroups.close(older, true);
}

/** VS Code puts a word of its own before the type of the page. */
function isPage({ input, label }: vscode.Tab, title: string): boolean {
  return input instanceof vscode.TabInputWebview && input.viewType.endsWith(WEBVIEWS.imagePage) && label === title;
}

function actionsOf(image: ResolvedImage): PageAction[] {
  const argument = { reference: formatReference(image.reference), platform: formatPlatform(image.platform) };
  return ACTIONS.map(([title, command]) => ({ title, href: commandLink(command, argument) }));
}
