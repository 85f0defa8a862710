import { join } from 'node:path';
import * as vscode from 'vscode';
import { JsonDocuments } from './documents/documents.ts';
import { AskPolicy } from './editor/askPolicy.ts';
import { registerEditor } from './editor/registerEditor.ts';
import { registerMarkDecorations } from './filesView/markDecorations.ts';
import { ImageFileSystem } from './files/fileSystem.ts';
import { ImageFiles } from './files/imageFiles.ts';
import { PackageLists } from './files/packageLists.ts';
import { LayerStates } from './images/layerStates.ts';
import { PulledImages } from './images/pulledImages.ts';
import { Pulls } from './images/pulls.ts';
import { ImageTasks } from './mount/imageTasks.ts';
import { registerTasks } from './mount/tasks.ts';
import { PageMemory } from './page/pageMemory.ts';
import { LocalRegistries } from './registries/localRegistries.ts';
import { ImageLookup } from './registries/lookup.ts';
import { Registries } from './registries/registries.ts';
import { RepositoryMemory } from './registries/repositoryMemory.ts';
import { TreeViews } from './reveal/views.ts';
import { SignerMemory } from './registries/signerMemory.ts';
import { Searches } from './search/searches.ts';
import { SearchMemory } from './search/searchMemory.ts';
import { Configuration } from './settings/configuration.ts';
import { StoredSecrets } from './settings/secrets.ts';

/** The parts of the extension, by the names that commands and rows use for them. */
export type Features = ReturnType<typeof buildFeatures>;

/** Builds the parts and connects them. Each loads its heavy code on first use. */
export function buildFeatures(context: vscode.ExtensionContext) {
  const { version }: { version: string } = context.extension.packageJSON;
  const cache = join(context.globalStorageUri.fsPath, 'blobs');
  const log = vscode.window.createOutputChannel('Peel', { log: true });
  const configuration = new Configuration();
  const settings = () => configuration.settings();
  const secrets = new StoredSecrets(context.secrets);
  const registries = new Registries(
    configuration,
    secrets,
    new RepositoryMemory(context.globalState),
    new LocalRegistries(context.workspaceState, context.globalState, join(cache, 'archives')),
    async () => (await import('./settings/network.ts')).configuredNetwork(configuration, secrets, version, log),
  );
  const pulls = new Pulls(cache, registries, settings, log);
  const store = () => pulls.store();
  const lookup = new ImageLookup(registries, store, () => configuration.platform());
  const images = new PulledImages(configuration, context.workspaceState);
  const layerStates = new LayerStates(images, store);
  const files = new ImageFiles(registries, pulls, settings);
  const editor = { askPolicy: new AskPolicy(configuration), configuration, lookup, registries };
  const signers = new SignerMemory(context.globalState);
  const packageLists = new PackageLists({ pulls, registries, settings });
  const views = new TreeViews({ files, images, layerStates, log, lookup, registries, signers });
  const searches = new Searches({ files, log, pulls, registries, settings });
  const searchMemory = new SearchMemory(context.workspaceState);
  const documents = new JsonDocuments(lookup, registries);
  const tasks = new ImageTasks(images, settings, log);
  const pages = new PageMemory(context.workspaceState);
  context.subscriptions.push(log, configuration, secrets, registries, pulls, images, views, documents, searches);
  context.subscriptions.push(registerTasks(images, settings, log), new ImageFileSystem(lookup, files).register());
  context.subscriptions.push(registerMarkDecorations(), registerEditor(editor));
  // In a later turn, so that other extensions don't wait for their activation.
  setImmediate(() => {
    void import('./registriesView/layoutFolders.ts').then(async ({ watchLayoutFolders }) => {
      context.subscriptions.push(await watchLayoutFolders());
    });
  });
  return {
    askPolicy: editor.askPolicy,
    configuration,
    documents,
    files,
    id: context.extension.id,
    images,
    log,
    lookup,
    packageLists,
    pages,
    pulls,
    registries,
    searches,
    searchMemory,
    secrets,
    settings,
    signers,
    tasks,
    version,
    views,
  };
}
