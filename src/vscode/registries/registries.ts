import * as vscode from 'vscode';
import type { ArchiveWatch } from '../../layout/plainArchive.ts';
import { formatReference, type Reference } from '../../oci/reference.ts';
import type { RegistryClient } from '../../registry/api/client.ts';
import type { RegistryWriter } from '../../registry/api/writer.ts';
import type { HubResult } from '../../registry/api/dockerHub.ts';
import type { Challenge } from '../../registry/auth/challenge.ts';
import type { Credential } from '../../registry/auth/credentials.ts';
import { defaultConfig, type RegistryConfig } from '../../registry/config.ts';
import type { RateLimit } from '../../registry/http/rateLimit.ts';
import type { Origin } from '../../registry/origin.ts';
import type { VendorLists } from '../../registry/vendors/vendorLists.ts';
import type { Configuration } from '../settings/configuration.ts';
import type { Network } from '../settings/network.ts';
import type { StoredSecrets } from '../settings/secrets.ts';
import type { RegistrySetting } from '../settings/settings.ts';
import type { ImageNames } from './imageNames.ts';
import type { LocalOpened, LocalRegistries } from './localRegistries.ts';
import type { RepositoryAccess } from './repositoryAccess.ts';
import type { RepositoryMemory } from './repositoryMemory.ts';

/** A registry to write to. */
export interface WritableRegistry {
  readonly writer: RegistryWriter;
  readonly client: RegistryClient;
}

/** Something was to be written to a folder or archive that is listed as a registry. */
export class LocalRegistryError extends Error {
  constructor(label: string) {
    super(`${label} is a folder or archive on this machine, which Peel doesn't change. Name a registry instead.`);
    this.name = 'LocalRegistryError';
  }
}

/**
 * The registries of the settings, and what the user opened in each. Creates one client per registry
 * when first needed, and replaces it when settings or credentials change.
 */
export class Registries implements vscode.Disposable {
  readonly #configuration: Configuration;
  readonly #secrets: StoredSecrets;
  readonly #memory: RepositoryMemory;
  readonly #local: LocalRegistries;
  readonly #connect: () => Promise<Network>;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #accessChanged = new vscode.EventEmitter<string | undefined>();
  readonly #subscriptions: vscode.Disposable;
  #network: Promise<Network> | undefined;
  #connectedWith: string | undefined;
  #clients = new Map<string, Promise<RegistryClient>>();
  #lists = new Map<string, VendorLists>();
  #names: Promise<ImageNames> | undefined;
  #writers = new Map<string, Promise<WritableRegistry>>();
  /** Fires when lists of registries must be redrawn: a setting, a sign-in or a pin changed. */
  readonly onDidChange = this.#changed.event;
  /**
   * Fires when settings or accounts changed, so requests may now have other answers: those of the
   * registry with this name, or of every one.
   */
  readonly onDidChangeAccess = this.#accessChanged.event;

  /** @param connect makes the network for the current settings */
  constructor(
    configuration: Configuration,
    secrets: StoredSecrets,
    memory: RepositoryMemory,
    local: LocalRegistries,
    connect: () => Promise<Network>,
  ) {
    this.#configuration = configuration;
    this.#secrets = secrets;
    this.#memory = memory;
    this.#local = local;
    this.#connect = connect;
    this.#subscriptions = vscode.Disposable.from(
      this.#changed,
      this.#accessChanged,
      configuration.onDidChange(() => this.#startAnew()),
      secrets.onDidChange(registry => void this.#forgetAccount(registry)),
    );
  }

  /** In the order of the settings. @throws {InvalidSettingError} */
  list(): readonly RegistrySetting[] {
    return this.#configuration.registries();
  }

  /** The registry's setting, or the defaults for one that isn't listed. */
  settingOf(registry: string): RegistrySetting {
    const listed = this.list().find(({ name }) => name === registry) ?? this.#local.setting(registry);
    return listed ?? { ...defaultConfig(registry), insecure: false, mirrors: [] };
  }

  /**
   * Returns the client for a registry by its name in references (`docker.io`, `127.0.0.1:5000`),
   * listed or not.
   */
  clientFor(registry: string): Promise<RepositoryAccess> {
    const local = this.#local.setting(registry);
    if (local) return this.#local.open(registry);
    const known = this.#clients.get(registry);
    if (known) return known;
    const clients = this.#clients;
    const made = this.tryClient(this.settingOf(registry));
    clients.set(registry, made);
    // A missing certificate file may exist next time.
    made.catch(() => clients.delete(registry));
    return made;
  }

  /**
   * Returns what the registry's own APIs list, besides the distribution API; undefined for a folder
   * or archive on this machine.
   */
  async listsOf(registry: string): Promise<VendorLists | undefined> {
    if (this.#local.setting(registry)) return undefined;
    const known = this.#lists.get(registry);
    if (known) return known;
    const { config, network } = await this.#reach(this.settingOf(registry));
    const made = network.lists(config);
    this.#lists.set(registry, made);
    return made;
  }

  /**
   * Returns what writes to a registry, and a client that reads from the registry itself, never from
   * its mirrors. @throws {LocalRegistryError}
   */
  writerFor(registry: string): Promise<WritableRegistry> {
    const local = this.#local.setting(registry);
    if (local) throw new LocalRegistryError(local.label ?? registry);
    const known = this.#writers.get(registry);
    if (known) return known;
    const writers = this.#writers;
    const made = this.#reach({ ...this.settingOf(registry), mirrors: [] }).then(
      ({ config, network }): WritableRegistry => ({ writer: network.writer(config), client: network.client(config) }),
    );
    writers.set(registry, made);
    made.catch(() => writers.delete(registry));
    return made;
  }

  /** Returns a client that isn't kept, for a registry that isn't listed yet. */
  async tryClient(setting: RegistrySetting): Promise<RegistryClient> {
    const { config, network } = await this.#reach(setting);
    return network.client(config);
  }

  /** Tries an account without remembering it. @throws {AccountRefusedError} */
  async verify(registry: string, account: Credential, signal: AbortSignal): Promise<'taken' | 'not asked for'> {
    const { config, network } = await this.#reach(this.settingOf(registry));
    return network.verify(config, account, signal);
  }

  /** Returns the registry's authentication challenge, or `undefined` when it asks for none. */
  async challengeOf(registry: string, signal: AbortSignal): Promise<Challenge | undefined> {
    const { config, network } = await this.#reach(this.settingOf(registry));
    return network.challenge(config, signal);
  }

  /** Returns what a worker thread needs to reach the registry by itself. */
  async originOf(registry: string): Promise<Origin> {
    const local = this.#local.setting(registry);
    if (local) {
      const { options, authorizer } = await this.#sharedNetwork();
      return {
        registry: { name: local.name, url: await this.#local.address(registry) },
        transport: options,
        authorizer,
      };
    }
    const { config, network } = await this.#reach(this.settingOf(registry));
    return { registry: config, transport: network.options, authorizer: network.authorizer };
  }

  /** Docker Hub repositories matching some words, best first. */
  async searchHub(words: string, signal: AbortSignal): Promise<readonly HubResult[]> {
    return (await this.#sharedNetwork()).hub.search(words, signal);
  }

  /** Repositories (without the registry) that the user opened, newest first. */
  pinned(registry: string): readonly string[] {
    return this.#memory.of(registry);
  }

  /**
   * Registries that no setting lists but that have pinned repositories; the tree shows them too.
   */
  pinnedElsewhere(): readonly string[] {
    const listed = new Set(this.list().map(({ name }) => name));
    return [...this.#local.names(), ...this.#memory.registries()].filter(registry => !listed.has(registry));
  }

  /** Lists a folder or archive on this machine as a registry. @throws {InvalidLocalImageError} */
  async openLocal(path: string, watch: ArchiveWatch): Promise<LocalOpened> {
    const opened = await this.#local.add(path, watch);
    this.#changed.fire();
    return opened;
  }

  /** Opens one without listing it. @throws {InvalidLocalImageError} */
  findLocal(path: string, watch: ArchiveWatch): Promise<LocalOpened> {
    return this.#local.find(path, watch);
  }

  /** Removes a folder or archive from the list; returns false if `registry` isn't one. */
  async closeLocal(registry: string): Promise<boolean> {
    const closed = await this.#local.remove(registry);
    if (closed) this.#changed.fire();
    return closed;
  }

  /** True if an image was opened before, in any registry. */
  anythingPinned(): boolean {
    return this.#memory.registries().length > 0;
  }

  /** What the registries list, for completing names. */
  names(): Promise<ImageNames> {
    this.#names ??= import('./imageNames.ts').then(
      ({ ImageNames: Names }) => new Names(registry => this.clientFor(registry)),
    );
    return this.#names;
  }

  /** The images that the user opened or pulled, newest first. */
  recent(): readonly string[] {
    return this.#memory.recent();
  }

  /** Remembers an image that the user opened or pulled, and pins its repository. */
  async opened(reference: Reference): Promise<void> {
    const { registry, repository } = reference;
    if (!this.#local.setting(registry)) await this.#memory.used(formatReference(reference));
    await this.pin(registry, repository);
  }

  /** Moves a repository to the front of the pinned ones. */
  async pin(registry: string, repository: string): Promise<void> {
    // A local image is listed as long as it is open.
    if (this.#local.setting(registry)) return;
    if (this.#memory.of(registry)[0] === repository) return;
    await this.#memory.add(registry, repository);
    this.#changed.fire();
  }

  async unpin(registry: string, repository: string): Promise<void> {
    await this.#memory.remove(registry, repository);
    this.#changed.fire();
  }

  /** The user name signed in with Peel, if any. */
  async accountOf(registry: string): Promise<string | undefined> {
    return (await this.#secrets.account(registry))?.username;
  }

  /** How many more pulls the registry allowed in its last answer; sends no request. */
  async rateLimitOf(registry: string): Promise<RateLimit | undefined> {
    return (await this.#clients.get(registry)?.catch(() => undefined))?.rateLimit;
  }

  dispose(): void {
    this.#subscriptions.dispose();
    void this.#network?.then(network => network.close()).catch(() => undefined);
  }

  async #reach(setting: RegistrySetting): Promise<{ readonly config: RegistryConfig; readonly network: Network }> {
    const [config, network] = await Promise.all([this.#withCertificates(setting), this.#sharedNetwork()]);
    return { config, network };
  }

  #sharedNetwork(): Promise<Network> {
    this.#connectedWith ??= this.#networkSettings();
    this.#network ??= this.#connect().catch((error: unknown) => {
      this.#network = undefined;
      throw error;
    });
    return this.#network;
  }

  /** Running requests finish on their old connections. */
  #startAnew(): void {
    // A changed list of registries keeps connections and tokens.
    if (this.#connectedWith !== this.#networkSettings()) this.#network = this.#connectedWith = undefined;
    this.#clients = new Map();
    this.#lists = new Map();
    this.#names = undefined;
    this.#writers = new Map();
    this.#accessChanged.fire(undefined);
    this.#changed.fire();
  }

  /** Returns all settings that the network depends on; undefined if one is invalid. */
  #networkSettings(): string | undefined {
    try {
      return JSON.stringify([this.#configuration.settings(), this.#configuration.network()]);
    } catch {
      return undefined;
    }
  }

  async #forgetAccount(registry: string): Promise<void> {
    (await this.#network?.catch(() => undefined))?.forgetAccount(registry);
    this.#names = undefined;
    this.#accessChanged.fire(registry);
    this.#changed.fire();
  }

  async #withCertificates(setting: RegistrySetting): Promise<RegistryConfig> {
    const { readCertificates, usualCertificateFolders } = await import('../settings/certificates.ts');
    const { name, url, insecure, mirrors } = setting;
    const folders = [...this.#configuration.settings().certificateFolders, ...usualCertificateFolders()];
    return { name, url, insecure, mirrors, ...(await readCertificates(setting, folders)) };
  }
}
