import { join } from 'node:path';
import * as vscode from 'vscode';
import { registerCommands } from './vscode/registerCommands.ts';
import { Configuration } from './vscode/settings/configuration.ts';
import { JsonDocuments } from './vscode/documents/documents.ts';
import { ImageFileSystem } from './vscode/files/fileSystem.ts';
import { ImageFiles } from './vscode/files/imageFiles.ts';
import { PulledImages } from './vscode/images/pulledImages.ts';
import { ImageTasks } from './vscode/mount/imageTasks.ts';
import { LayerStates } from './vscode/images/layerStates.ts';
import { LocalRegistries } from './vscode/registries/localRegistries.ts';
import { RegistryImageLookup } from './vscode/registries/lookup.ts';
import { PageMemory } from './vscode/page/pageMemory.ts';
import { restorePages } from './vscode/restorePages.ts';
import { Pulls } from './vscode/images/pulls.ts';
import { ConfiguredRegistries } from './vscode/registries/registries.ts';
import { RepositoryMemory } from './vscode/registries/repositoryMemory.ts';
import { StoredSecrets } from './vscode/settings/secrets.ts';
import { SearchMemory } from './vscode/search/searchMemory.ts';
import { Searches } from './vscode/search/searches.ts';
import type { Services } from './vscode/features.ts';
import { registerTasks } from './vscode/mount/tasks.ts';
import { TreeViews } from './vscode/reveal/views.ts';

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
    async () => (await import('./vscode/settings/network.ts')).configuredNetwork(configuration, secrets, version, log),
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
