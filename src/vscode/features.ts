import type { Event, LogOutputChannel, Uri } from 'vscode';
import type { ArchiveWatch } from '../layout/plainArchive.ts';
import type { Reference } from '../oci/reference.ts';
import type { Credential } from '../registry/auth/credentials.ts';
import type { Challenge } from '../registry/auth/challenge.ts';
import type { HubResult } from '../registry/api/dockerHub.ts';
import type { BlobSource } from '../oci/byteSource.ts';
import type { RegistryClient } from '../registry/api/client.ts';
import type { RateLimit } from '../registry/http/rateLimit.ts';
import type { Opened } from '../resolve/openReference.ts';
import type { ResolvedImage } from '../oci/image.ts';
import type { ImageFiles } from './files/imageFiles.ts';
import type { ImageOnDisk } from './images/pulledImages.ts';
import type { ImageTasks } from './mount/imageTasks.ts';
import type { LayerStates } from './images/layerStates.ts';
import type { LocalOpened } from './registries/localRegistries.ts';
import type { PageMemory } from './page/pageMemory.ts';
import type { Pulls } from './images/pulls.ts';
import type { SearchMemory } from './search/searchMemory.ts';
import type { Searches } from './search/searches.ts';
import type { StoredSecrets } from './settings/secrets.ts';
import type { RegistrySetting, Settings } from './settings/settings.ts';
import type { ShownImage } from './reveal/treeLocation.ts';
import type { Configuration } from './settings/configuration.ts';
import type { Origin } from '../registry/origin.ts';

/** The few collaborators that trees, documents and commands share. Built once in `extension.ts`. */
export interface Services {
  readonly log: LogOutputChannel;
  /** The settings now. @throws {InvalidSettingError} */
  readonly settings: () => Settings;
  readonly registries: Registries;
  readonly lookup: ImageLookup;
  readonly images: Images;
  readonly layerStates: LayerStates;
  readonly files: ImageFiles;
}

/** What commands have beside the services: the parts that show something. */
export interface CommandServices extends Services {
  /** A person started the command: questions may be asked, and what comes next may be offered. */
  readonly interactive: boolean;
  readonly configuration: Configuration;
  readonly secrets: StoredSecrets;
  readonly pulls: Pulls;
  readonly tasks: ImageTasks;
  readonly views: Views;
  readonly documents: Documents;
  readonly pages: PageMemory;
  readonly searches: Searches;
  readonly searchMemory: SearchMemory;
}

/** The registries that the user named in the settings, and what they used in each. */
export interface Registries {
  /** The list, a sign-in, a pin: whatever a list of registries shows has changed. */
  readonly onDidChange: Event<void>;
  /** Settings or accounts have changed, so that questions may have other answers now. */
  readonly onDidChangeAccess: Event<void>;
  /** In the order of the settings. @throws {InvalidSettingError} */
  list(): readonly RegistrySetting[];
  /**
   * The client for a registry by the name that references write (`docker.io`, `127.0.0.1:5000`), also for one that is in no list. One client per
   * registry is kept until the settings or credentials change.
   */
  clientFor(registry: string): Promise<RepositoryAccess>;
  /** The setting of a registry, or what holds for one that is in no list. */
  settingOf(registry: string): RegistrySetting;
  /** A client that is not kept, for a registry that is in no list yet. */
  tryClient(setting: RegistrySetting): Promise<RegistryClient>;
  /** Tries an account, of which nothing is remembered. @throws {AccountRefusedError} it is not taken */
  verify(registry: string, account: Credential, signal: AbortSignal): Promise<'taken' | 'not asked for'>;
  /** What the registry asks for before it answers; undefined = nothing. */
  challengeOf(registry: string, signal: AbortSignal): Promise<Challenge | undefined>;
  /** Repositories of Docker Hub that fit some words, best first. */
  searchHub(words: string, signal: AbortSignal): Promise<readonly HubResult[]>;
  /** What a worker thread needs to reach the registry by itself. */
  originOf(registry: string): Promise<Origin>;
  /** Repositories (without the registry) that the user opened, newest first. */
  pinned(registry: string): readonly string[];
  /** Registries that are in no setting, yet have pinned repositories: the tree shows them, too. */
  pinnedElsewhere(): readonly string[];
  /** Takes a folder or an archive on this machine as a registry, and puts it into the list. @throws {InvalidLocalImageError} */
  openLocal(path: string, watch: ArchiveWatch): Promise<LocalOpened>;
  /** The same without putting it into the list. @throws {InvalidLocalImageError} */
  findLocal(path: string, watch: ArchiveWatch): Promise<LocalOpened>;
  /** Takes such a one out of the list again; false: it is none. */
  closeLocal(registry: string): Promise<boolean>;
  /** Puts a repository in front of the pinned ones. */
  pin(registry: string, repository: string): Promise<void>;
  unpin(registry: string, repository: string): Promise<void>;
  /** The account that the user signed in with here, if any. */
  accountOf(registry: string): Promise<string | undefined>;
  /** How many more pulls the registry allows, as it told last; asks nobody. */
  rateLimitOf(registry: string): Promise<RateLimit | undefined>;
}

/** What is asked of a registry by the trees and lookups; a folder or archive on this machine answers the same. */
export type RepositoryAccess = Pick<
  RegistryClient,
  'manifest' | 'blobBytes' | 'blobSize' | 'catalog' | 'manyTags' | 'allTags' | 'referrers'
> & { blobs(repository: string): BlobSource };

/** From a reference to what a registry holds under it. Answers by digest are kept, for they cannot change; answers by tag for a short time. */
export interface ImageLookup {
  /** The manifest or index itself. */
  open(reference: Reference, signal: AbortSignal): Promise<Opened>;
  /** One image of it; `platform` is a text like `linux/arm64/v8`, absent = the setting's, else this machine's. */
  resolve(reference: Reference, platform: string | undefined, signal: AbortSignal): Promise<ResolvedImage>;
  /** Forgets what tags pointed to. */
  forget(): void;
}

/** The images that were pulled into this workspace. */
export interface Images {
  /** A folder came, went or changed, or was mounted or unmounted. */
  readonly onDidChange: Event<void>;
  /** What is on disk and mounted right now, read anew. */
  list(): Promise<readonly ImageOnDisk[]>;
  /** The folders of pulled images whose description is damaged, so that they are in no list. */
  damaged(): Promise<readonly string[]>;
  /** One of them. @throws when the folder holds no pulled image. */
  read(folder: string): Promise<ImageOnDisk>;
  /** Where pulls go by default: one folder for each workspace folder on a disk, or the one that the setting names. Empty without a workspace. */
  imagesFolders(): readonly string[];
  /** Lists the folder from now on, wherever it lies. */
  remember(folder: string): Promise<void>;
  /** Makes the trees ask again. */
  refresh(): void;
}

/** The two trees, seen from a command. `views.ts` makes it. */
export interface Views {
  /** Shows the sidebar with the image opened in the Registries view. */
  revealReference(reference: Reference, platform?: string): Promise<void>;
  /** Shows the sidebar with a repository opened in the Registries view. */
  revealRepository(registry: string, repository: string): Promise<void>;
  /** Shows a pulled image in the Images view. */
  revealFolder(folder: string): Promise<void>;
  /** Shows a file of an image below one of its layers, or without a layer where all are merged. */
  revealFile(image: ShownImage, path: string, layer?: number): Promise<void>;
}

/** Read-only JSON documents. `documents.ts` makes it. */
export interface Documents {
  /** Opens the manifest (or index) or the image config in an editor. `platform` as in {@link ImageLookup.resolve}; for a manifest absent means: as the reference says. */
  show(what: 'manifest' | 'config', reference: Reference, platform: string | undefined): Promise<Uri>;
}
