import { execFileSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPrivateCa, type Identity } from '../privateCa.ts';
import { startTokenServer, type TokenServer, type TokenServerOptions } from '../tokenServer.ts';
import { findTool } from '../tools.ts';
import { startProcess, tempFolder } from './process.ts';

export interface DockerRegistryOptions {
  /** Accounts for Basic authentication. */
  readonly htpasswd?: Readonly<Record<string, string>>;
  /** Token authentication by a token server of the tests: anonymous pull, alice:s3cret may push. */
  readonly tokens?: TokenServerOptions;
  readonly tls?: Identity;
  /** The authority's file; only clients with its certificates are let in. Needs `tls`. */
  readonly clientCaFile?: string;
  /** Makes it a pull-through mirror of another registry. */
  readonly mirrorOf?: { readonly url: string; readonly username?: string; readonly password?: string };
  /** Serves below this path, such as `/some/where/`. */
  readonly prefix?: string;
  /** Leaves deletion off, as it is by default. */
  readonly withoutDeletion?: boolean;
}

/** Debian's `docker-registry` on loopback, with schema 1 enabled. */
export interface DockerRegistry {
  readonly url: string;
  readonly host: string;
  /** Only with `tokens`. */
  readonly tokenServer: TokenServer | undefined;
  output(): string;
  close(): Promise<void>;
}

const ISSUER = 'test-issuer';
const SERVICE = 'test-registry';

export async function startDockerRegistry(options: DockerRegistryOptions = {}): Promise<DockerRegistry> {
  const folder = tempFolder('registry');
  const signer = options.tokens && createSigner();
  let tokenServer: TokenServer | undefined;
  try {
    tokenServer =
      options.tokens && (await startTokenServer({ ...options.tokens, ...(signer && { signer: signer.signer }) }));
    const file = join(folder.path, 'config.json');
    // YAML is a superset of JSON.
    writeFileSync(file, JSON.stringify(configOf(options, folder.path, tokenServer, signer?.certFile)));
    const server = await startProcess('docker-registry', ['serve', file], {
      ready: /listening on (127\.0\.0\.1:\d+)/,
      env: { OTEL_TRACES_EXPORTER: 'none' },
    });
    const host = server.ready[1] ?? '';
    return {
      host,
      url: `${options.tls ? 'https' : 'http'}://${host}${(options.prefix ?? '').replace(/\/$/, '')}`,
      tokenServer,
      output: () => server.output(),
      close: async () => {
        await Promise.all([server.stop(), tokenServer?.close()]);
        signer?.close();
        folder.remove();
      },
    };
  } catch (error) {
    await tokenServer?.close();
    signer?.close();
    folder.remove();
    throw error;
  }
}

function configOf(
  options: DockerRegistryOptions,
  folder: string,
  tokenServer: TokenServer | undefined,
  rootCertificates: string | undefined,
): unknown {
  const { tls, clientCaFile, mirrorOf, htpasswd, prefix, withoutDeletion = false } = options;
  const accounts = join(folder, 'htpasswd');
  if (htpasswd) writeFileSync(accounts, Object.entries(htpasswd).map(hashedAccount).join('\n'));
  return {
    version: '0.1',
    log: { level: 'info', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(folder, 'data') }, delete: { enabled: !withoutDeletion } },
    compatibility: { schema1: { enabled: true } },
    validation: { disabled: true },
    http: {
      addr: '127.0.0.1:0',
      secret: 'only for tests',
      ...(prefix && { prefix }),
      ...(tls && {
        tls: {
          certificate: tls.certFile,
          key: tls.keyFile,
          ...(clientCaFile && { clientcas: [clientCaFile] }),
        },
      }),
    },
    ...(mirrorOf && { proxy: { remoteurl: mirrorOf.url, username: mirrorOf.username, password: mirrorOf.password } }),
    ...(htpasswd && { auth: { htpasswd: { realm: 'basic-realm', path: accounts } } }),
    ...(tokenServer && {
      auth: {
        token: {
          realm: `${tokenServer.url}/token`,
          service: SERVICE,
          issuer: ISSUER,
          rootcertbundle: rootCertificates,
        },
      },
    }),
  };
}

function hashedAccount([user, password]: readonly [string, string]): string {
  return execFileSync(findTool('htpasswd') ?? 'htpasswd', ['-Bbn', '-C', '5', user, password], {
    encoding: 'utf8',
  }).trim();
}

/** The key with which the registry checks tokens from its token server. */
function createSigner(): {
  readonly signer: NonNullable<TokenServerOptions['signer']>;
  readonly certFile: string;
  close(): void;
} {
  const ca = createPrivateCa('Token Signer CA');
  const { key, cert } = ca.issue({ client: 'token-signer', rsa: true });
  const signer = { key: createPrivateKey(key), certificate: cert, issuer: ISSUER };
  return { signer, certFile: ca.certFile, close: () => ca.close() };
}
