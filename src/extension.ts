import { join } from 'node:path';
import * as vscode from 'vscode';
import { registerCommands } from './vscode/commands/register.ts';
import { Configuration } from './vscode/configuration.ts';
import { JsonDocuments } from './vscode/documents.ts';
import { ImageFileSystem } from './vscode/fileSystem.ts';
import { ImageFiles } from './vscode/imageFiles.ts';
import { PulledImages } from './vscode/images.ts';
import { ImageTasks } from './vscode/imageTasks.ts';
import { LayerStates } from './vscode/layerStates.ts';
import { LocalRegistries } from './vscode/localRegistries.ts';
import { RegistryImageLookup } from './vscode/lookup.ts';
import { PageMemory } from './vscode/page/pageMemory.ts';
import { restorePages } from './vscode/page/restorePages.ts';
import { Pulls } from './vscode/pulls.ts';
import { ConfiguredRegistries } from './vscode/registries.ts';
import { RepositoryMemory } from './vscode/repositoryMemory.ts';
import { StoredSecrets } from './vscode/secrets.ts';
import { SearchMemory } from './vscode/search/searchMemory.ts';
import { Searches } from './vscode/search/searches.ts';
import type { Services } from './vscode/services.ts';
import { registerTasks } from './vscode/tasks.ts';
import { TreeViews } from './vscode/views.ts';

/** Builds the parts, joins them and hands their ends to VS Code. What is heavy is loaded by whoever needs it first. */
export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel('Peel', { log: true });
  const configuration = new Configuration();
  const secrets = new StoredSecrets(context.secrets);
  const { version }: { version: string } = context.extension.packageJSON;
  const cache = join(context.globalStorageUri.fsPath, 'blobs');
  const registries = new ConfiguredRegistries(
    configuration,
    secrets,
    new RepositoryMemory(context.globalState),
    new LocalRegistries(context.workspaceState, context.globalState, join(cache, 'archives')),
    async () => (await import('./vscode/network.ts')).configuredNetwork(configuration, secrets, version, log),
  );
  const settings = () => configuration.settings();
  const pulls = new Pulls(cache, registries, settings, log);
  const lookup = new RegistryImageLookup(
    registries,
    () => pulls.store(),
    () => configuration.platform(),
  );
  const images = new PulledImages(configuration, context.workspaceState);
  const layerStates = new LayerStates(images, () => pulls.store());
  const files = new ImageFiles(registries, pulls, settings);
  const services: Services = { log, settings, registries, images, lookup, layerStates, files };
  const views = new TreeViews(services);
  const searches = new Searches(services, pulls);
  const searchMemory = new SearchMemory(context.workspaceState);
  const documents = new JsonDocuments(services);
  const tasks = new ImageTasks(services);
  context.subscriptions.push(log, configuration, secrets, registries, pulls, images, views, documents, searches);
  const shown = { views, documents, tasks, searches, searchMemory, pages: new PageMemory(context.workspaceState) };
  const forCommands = { ...services, ...shown, configuration, secrets, pulls };
  context.subscriptions.push(
    registerTasks(services),
    new ImageFileSystem(lookup, files).register(),
    registerCommands(forCommands),
    restorePages({ ...forCommands, interactive: false }),
  );
}
