import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { COMMANDS, WEBVIEWS } from '../common/ids.ts';
import type { Html } from './html.ts';
import { pageHtml } from './pageHtml.ts';

/** The only commands that a page's links can run. */
const LINKS: Readonly<Record<string, readonly string[]>> = {
  [WEBVIEWS.imagePage]: [
    COMMANDS.pullImage,
    COMMANDS.analyzeImage,
    COMMANDS.listPackages,
    COMMANDS.exportSbom,
    COMMANDS.showManifest,
    COMMANDS.showConfig,
    COMMANDS.copyCurl,
    COMMANDS.openFile,
  ],
  [WEBVIEWS.comparison]: [COMMANDS.openFile, COMMANDS.compareFiles],
};

/** Opens an empty page in an editor of its own. */
export function openPanel(type: string, title: string): vscode.WebviewPanel {
  const panelOptions = { enableFindWidget: true, ...optionsOf(type) };
  return vscode.window.createWebviewPanel(type, title, vscode.ViewColumn.Active, panelOptions);
}

/** Fills a page. A page that VS Code restored gets its options here too. */
export function fillPanel(panel: vscode.WebviewPanel, type: string, body: Html): void {
  panel.webview.options = optionsOf(type);
  panel.webview.html = pageHtml(panel.title, randomBytes(16).toString('hex'), body);
}

function optionsOf(type: string): vscode.WebviewOptions {
  return { enableScripts: false, enableForms: false, enableCommandUris: LINKS[type] ?? [], localResourceRoots: [] };
}
