import * as vscode from 'vscode';
import type { ArchiveWatch } from '../../layout/plainArchive.ts';
import type { Origin } from '../../registry/origin.ts';
import type { Challenge } from '../../registry/auth/challenge.ts';
import type { RegistryClient } from '../../registry/api/client.ts';
import { defaultConfig, type RegistryConfig } from '../../registry/config.ts';
import type { RateLimit } from '../../registry/http/rateLimit.ts';
import type { Credential } from '../../registry/auth/credentials.ts';
import type { Configuration } from '../settings/configuration.ts';
import type { HubResult } from '../../registry/api/dockerHub.ts';
import type { Network } from '../settings/network.ts';
import type { RepositoryMemory } from './repositoryMemory.ts';
import type { StoredSecrets } from '../settings/secrets.ts';
import type { LocalOpened, LocalRegistries } from './localRegistries.ts';
import type { Registries, RepositoryAccess } from '../features.ts';
import type { RegistrySetting } from '../settings/settings.ts';

/** The registries of the settings, each with one client that is made when first needed and made anew when settings change. */
export class ConfiguredRegistries implements Registries, vscode.Disposable {
  readonly #configuration: Configuration;
  readonly #secrets: StoredSecrets;
  readonly #memory: RepositoryMemory;
  readonly #local: LocalRegistries;
  readonly #connect: () => Promise<Network>;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #accessChanged = new vscode.EventEmitter<void>();
  readonly #subscriptions: vscode.Disposable;
  #network: Promise<Network> | undefined;
  #clients = new Map<string, Promise<RegistryClient>>();
  readonly onDidChange = this.#changed.event;
  readonly onDidChangeAccess = this.#accessChanged.event;

  /** @param connect makes the network as the settings are now */
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

  list(): readonly RegistrySetting[] {
    return this.#configuration.registries();
  }

  settingOf(registry: string): RegistrySetting {
    const listed = this.list().find(({ name }) => name === registry) ?? this.#local.setting(registry);
    return listed ?? { ...defaultConfig(registry), insecure: false, mirrors: [] };
  }

  clientFor(registry: string): Promise<RepositoryAccess> {
    const local = this.#local.setting(registry);
    if (local) return this.#local.open(registry);
    const known = this.#clients.get(registry);
    if (known) return known;
    const clients = this.#clients;
    const made = this.tryClient(this.settingOf(registry));
    clients.set(registry, made);
    // A certificate file that is missing now may be there the next time.
    made.catch(() => clients.delete(registry));
    return made;
  }

  async tryClient(setting: RegistrySetting): Promise<RegistryClient> {
    const [config, network] = await Promise.all([this.#withCertificates(setting), this.#sharedNetwork()]);
    return network.client(config);
  }

  async verify(registry: string, account: Credential, signal: AbortSignal): Promise<'taken' | 'not asked for'> {
    const [config, network] = await Promise.all([
      this.#withCertificates(this.settingOf(registry)),
      this.#sharedNetwork(),
    ]);
    return network.verify(config, account, signal);
  }

  async challengeOf(registry: string, signal: AbortSignal): Promise<Challenge | undefined> {
    const [config, network] = await Promise.all([
      this.#withCertificates(this.settingOf(registry)),
      this.#sharedNetwork(),
    ]);
    return network.challenge(config, signal);
  }

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
    const [config, { options, authorizer }] = await Promise.all([
      this.#withCertificates(this.settingOf(registry)),
      this.#sharedNetwork(),
    ]);
    return { registry: config, transport: options, authorizer };
  }

  async searchHub(words: string, signal: AbortSignal): Promise<readonly HubResult[]> {
    return (await this.#sharedNetwork()).hub.search(words, signal);
  }

  pinned(registry: string): readonly string[] {
    return this.#memory.of(registry);
  }

  pinnedElsewhere(): readonly string[] {
    const listed = new Set(this.list().map(({ name }) => name));
    return [...this.#local.names(), ...this.#memory.registries()].filter(registry => !listed.has(registry));
  }

  async openLocal(path: string, watch: ArchiveWatch): Promise<LocalOpened> {
    const opened = await this.#local.add(path, watch);
    this.#changed.fire();
    return opened;
  }

  findLocal(path: string, watch: ArchiveWatch): Promise<LocalOpened> {
    return this.#local.find(path, watch);
  }

  async closeLocal(registry: string): Promise<boolean> {
    const closed = await this.#local.remove(registry);
    if (closed) this.#changed.fire();
    return closed;
  }

  async pin(registry: string, repository: string): Promise<void> {
    // It is in the list as long as it is open.
    if (this.#local.setting(registry)) return;
    if (this.#memory.of(registry)[0] === repository) return;
    await this.#memory.add(registry, repository);
    this.#changed.fire();
  }

  async unpin(registry: string, repository: string): Promise<void> {
    await this.#memory.remove(registry, repository);
    this.#changed.fire();
  }

  async accountOf(registry: string): Promise<string | undefined> {
    return (await this.#secrets.account(registry))?.username;
  }

  async rateLimitOf(registry: string): Promise<RateLimit | undefined> {
    return (await this.#clients.get(registry)?.catch(() => undefined))?.rateLimit;
  }

  dispose(): void {
    this.#subscriptions.dispose();
    void this.#network?.then(network => network.close()).catch(() => undefined);
  }

  #sharedNetwork(): Promise<Network> {
    this.#network ??= this.#connect().catch((error: unknown) => {
      this.#network = undefined;
      throw error;
    });
    return this.#network;
  }

  /** Requests under way end on the connections that they have. */
  #startAnew(): void {
    this.#network = undefined;
    this.#clients = new Map();
    this.#accessChanged.fire();
    this.#changed.fire();
  }

  async #forgetAccount(registry: string): Promise<void> {
    (await this.#network?.catch(() => undefined))?.forgetAccount(registry);
    this.#accessChanged.fire();
    this.#changed.fire();
  }

  async #withCertificates(setting: RegistrySetting): Promise<RegistryConfig> {
    const { readCertificates, usualCertificateFolders } = await import('../settings/certificates.ts');
    const { name, url, insecure, mirrors } = setting;
    const folders = [...this.#configuration.settings().certificateFolders, ...usualCertificateFolders()];
    return { name, url, insecure, mirrors, ...(await readCertificates(setting, folders)) };
  }
}
