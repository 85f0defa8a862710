import type { Logger } from '../oci/logger.ts';
import type { Authorizer } from '../registry/authorizer.ts';
import type { DockerHub } from '../registry/dockerHub.ts';
import type { Challenge } from '../registry/challenge.ts';
import type { RegistryClient } from '../registry/client.ts';
import type { RegistryConfig } from '../registry/config.ts';
import type { Credential, CredentialSource } from '../registry/credentials.ts';
import { resolveProxies } from '../registry/proxies.ts';
import { DEFAULT_TRANSPORT, type TransportOptions } from '../registry/transportOptions.ts';
import type { EditorNetwork } from './configuration.ts';
import type { Settings } from './settings.ts';

/** How requests are sent, out of Peel's settings, the editor's own for its network, and the environment. */
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

/** What all registries share: connections, and who answers for accounts. */
export interface Network {
  readonly options: TransportOptions;
  readonly authorizer: Authorizer;
  client(config: RegistryConfig): RegistryClient;
  /** Tries an account, of which nothing is remembered. @throws {AccountRefused} it is not taken */
  verify(config: RegistryConfig, account: Credential, signal: AbortSignal): Promise<'taken' | 'not asked for'>;
  /** What the registry asks for; undefined = nothing. */
  challenge(config: RegistryConfig, signal: AbortSignal): Promise<Challenge | undefined>;
  /** What Docker Hub has in place of a catalog. */
  readonly hub: DockerHub;
  /** Drops what is remembered of a registry's accounts and tokens. */
  forgetAccount(registry: string): void;
  close(): Promise<void>;
}

/** Loads the registry room and joins its parts. @param sources asked for accounts in this order */
export async function connect(
  options: TransportOptions,
  sources: readonly CredentialSource[],
  log: Logger,
): Promise<Network> {
  const [
    { Transport },
    { AccountAuthorizer },
    { RegistryClient: Client },
    { askChallenge, verifyAccount },
    { DockerHub: Hub },
  ] = await Promise.all([
    import('../registry/transport.ts'),
    import('../registry/accountAuthorizer.ts'),
    import('../registry/client.ts'),
    import('../registry/access.ts'),
    import('../registry/dockerHub.ts'),
  ]);
  const transport = new Transport(options, log);
  const authorizer = new AccountAuthorizer(transport, sources, log);
  return {
    options,
    authorizer,
    hub: new Hub(transport),
    client: config => new Client(config, transport, authorizer, log),
    verify: (config, account, signal) => verifyAccount(transport, config, account, signal),
    challenge: (config, signal) => askChallenge(transport, config, signal),
    forgetAccount: registry => authorizer.forget(registry),
    close: () => transport.close(),
  };
}
