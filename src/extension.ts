import type { ExtensionContext } from 'vscode';
import { buildFeatures } from './vscode/features.ts';
import { registerLinks } from './vscode/links/registerLinks.ts';
import { registerCommands } from './vscode/registerCommands.ts';
import { restorePages } from './vscode/restorePages.ts';

/** Builds the extension and registers its commands and pages with VS Code. */
export function activate(context: ExtensionContext): void {
  const features = buildFeatures(context);
  context.subscriptions.push(registerCommands(features), registerLinks(features), restorePages(features));
}
