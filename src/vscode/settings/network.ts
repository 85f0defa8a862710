import type { Logger } from '../../oci/logger.ts';
import { Asker } from '../../registry/api/asker.ts';
import { RegistryClient } from '../../registry/api/client.ts';
import { DockerHub } from '../../registry/api/dockerHub.ts';
import { RegistryWriter } from '../../registry/api/writer.ts';
import { askChallenge, verifyAccount } from '../../registry/auth/access.ts';
import { AccountAuthorizer } from '../../registry/auth/accountAuthorizer.ts';
import { dockerAuthFile, podmanAuthFiles } from '../../registry/auth/authFile.ts';
import type { Authorizer } from '../../registry/auth/authorizer.ts';
import type { Challenge } from '../../registry/auth/challenge.ts';
import type { Credential, CredentialSource } from '../../registry/auth/credentials.ts';
import { ownEndpoint, type RegistryConfig } from '../../registry/config.ts';
import { resolveProxies } from '../../registry/http/proxies.ts';
import { Transport } from '../../registry/http/transport.ts';
import { DEFAULT_TRANSPORT, type TransportOptions } from '../../registry/http/transportOptions.ts';
import { VendorLists } from '../../registry/vendors/vendorLists.ts';
import type { Configuration, EditorNetwork } from './configuration.ts';
import type { Settings } from './settings.ts';

/** Combines Peel's settings, the editor's network settings and the environment. */
export function transportOptions(
  settings: Pick<Settings, 'firstByteTimeout' | 'idleTimeout'>,
  editor: EditorNetwork,
  environment: Readonly<Record<string, string | undefined>>,
  version: string,
): TransportOptions {
  const { proxy, noProxy, support, strictSSL } = editor;
  return {
    ...DEFAULT_TRANSPORT,
    ...resolveProxies({ proxy, noProxy, proxySupport: support }, environment),
    strictSSL,
    firstByteTimeout: settings.firstByteTimeout,
    idleTimeout: settings.idleTimeout,
    userAgent: `peel/${version}`,
  };
}

/** What all registries share: connections and accounts. */
export interface Network {
  readonly options: TransportOptions;
  readonly authorizer: Authorizer;
  client(config: RegistryConfig): RegistryClient;
  /** What the registry's own APIs list, besides the distribution API. */
  lists(config: RegistryConfig): VendorLists;
  /** Returns what writes to a registry. */
  writer(config: RegistryConfig): RegistryWriter;
  /** Tries an account without remembering it. @throws {AccountRefusedError} it isn't accepted */
  verify(config: RegistryConfig, account: Credential, signal: AbortSignal): Promise<'taken' | 'not asked for'>;
  /** The registry's authentication challenge; undefined if it has none. */
  challenge(config: RegistryConfig, signal: AbortSignal): Promise<Challenge | undefined>;
  /** Docker Hub's API, in place of the catalog that it lacks. */
  readonly hub: DockerHub;
  /** Forgets a registry's accounts and tokens. */
  forgetAccount(registry: string): void;
  close(): Promise<void>;
}

/**
 * Returns the network for the current settings and environment. @param own the accounts signed in
 * with Peel @throws {InvalidSettingError}
 */
export function configuredNetwork(
  configuration: Configuration,
  own: CredentialSource,
  version: string,
  log: Logger,
): Network {
  const settings = configuration.settings();
  const options = transportOptions(settings, configuration.network(), process.env, version);
  return connect(options, credentialSources(own, settings, process.env), log);
}

/** Connects the parts of `src/registry`. @param sources asked for accounts in this order */
export function connect(options: TransportOptions, sources: readonly CredentialSource[], log: Logger): Network {
  const transport = new Transport(options, log);
  const authorizer = new AccountAuthorizer(transport, sources, log);
  return {
    options,
    authorizer,
    hub: new DockerHub(transport),
    client: config => new RegistryClient(config, transport, authorizer, log),
    lists: config => new VendorLists(new Asker(transport, authorizer), ownEndpoint(config)),
    writer: config => new RegistryWriter(config, transport, authorizer, log),
    verify: (config, account, signal) => verifyAccount(transport, config, account, signal),
    challenge: (config, signal) => askChallenge(transport, config, signal),
    forgetAccount: registry => authorizer.forget(registry),
    close: () => transport.close(),
  };
}

/**
 * Sources of accounts, in order: those signed in with Peel, then those of other tools if the
 * settings allow.
 */
function credentialSources(
  own: CredentialSource,
  { dockerConfig, podmanAuth }: Pick<Settings, 'dockerConfig' | 'podmanAuth'>,
  environment: Readonly<Record<string, string | undefined>>,
): readonly CredentialSource[] {
  return [
    own,
    ...(dockerConfig ? [dockerAuthFile(environment)] : []),
    ...(podmanAuth ? podmanAuthFiles(environment) : []),
  ];
}
