import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { formatPlatform } from '../../oci/platform.ts';
import { familiarName, formatReference } from '../../oci/reference.ts';
import type { ResolvedImage } from '../../pull/resolveImage.ts';
import { COMMANDS, WEBVIEWS } from '../ids.ts';
import { plainText } from '../tree/text.ts';
import { imageHtml, type PageAction } from './imageHtml.ts';
import { pageHtml } from './pageHtml.ts';

/** The links of a page. It can run these commands and no others. */
const ACTIONS = [
  ['Pull Image…', COMMANDS.pullImage],
  ['Show Manifest', COMMANDS.showManifest],
  ['Show Config', COMMANDS.showConfig],
  ['Copy curl Lines', COMMANDS.copyCurl],
] as const;

/** Opens the page about an image in an editor of its own. */
export function showPage(image: ResolvedImage): void {
  const title = plainText(familiarName(image.reference).replace(/^.*\//, ''), 60);
  const panel = vscode.window.createWebviewPanel(WEBVIEWS.imagePage, title, vscode.ViewColumn.Active, {
    enableScripts: false,
    enableCommandUris: ACTIONS.map(([, command]) => command),
    enableForms: false,
    enableFindWidget: true,
    localResourceRoots: [],
  });
  panel.webview.html = pageHtml(title, randomBytes(16).toString('hex'), imageHtml(image, actionsOf(image), Date.now()));
}

function actionsOf(image: ResolvedImage): PageAction[] {
  const argument = { reference: formatReference(image.reference), platform: formatPlatform(image.platform) };
  // Handed over as from a row of a tree: a person clicks, and wants questions and offers.
  const query = encodeURIComponent(JSON.stringify([{ argument }]));
  return ACTIONS.map(([title, command]) => ({ title, href: `command:${command}?${query}` }));
}
