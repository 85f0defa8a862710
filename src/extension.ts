import * as vscode from 'vscode';
import { registerCommands } from './vscode/commands/register.ts';
import { createDocuments } from './vscode/documents.ts';
import { PulledImages } from './vscode/images.ts';
import { RegistryImageLookup } from './vscode/lookup.ts';
import { ConfiguredRegistries } from './vscode/registries.ts';
import { StoredSecrets } from './vscode/secrets.ts';
import type { Services } from './vscode/services.ts';
import { registerTasks } from './vscode/tasks.ts';
import { createViews } from './vscode/views.ts';

/** Builds the parts, joins them and hands their ends to VS Code. */
export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel('Peel', { log: true });
  const secrets = new StoredSecrets(context.secrets);
  const registries = new ConfiguredRegistries(context.globalState, secrets, log);
  const images = new PulledImages(log);
  const services: Services = { log, registries, images, lookup: new RegistryImageLookup(registries) };
  const views = createViews(services);
  const documents = createDocuments(services);
  context.subscriptions.push(log, registries, images, views, documents, registerTasks(services), registerCommands({ ...services, views, documents }));
}
