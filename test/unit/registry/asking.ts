import { createHash, randomBytes } from 'node:crypto';
import type { Sink } from '../../../src/oci/byteSource.ts';
import type { Descriptor } from '../../../src/oci/descriptor.ts';
import type { Logger } from '../../../src/oci/logger.ts';
import { OCI_LAYER_GZIP } from '../../../src/oci/mediaTypes.ts';
import { AccountAuthorizer } from '../../../src/registry/auth/accountAuthorizer.ts';
import { RegistryClient } from '../../../src/registry/api/client.ts';
import type { RegistryConfig } from '../../../src/registry/config.ts';
import type { Credential, CredentialSource } from '../../../src/registry/auth/credentials.ts';
import { Transport } from '../../../src/registry/http/transport.ts';
import { DEFAULT_TRANSPORT, type TransportOptions } from '../../../src/registry/http/transportOptions.ts';
import { type RegistryStore, sha256 } from '../../support/registry/store.ts';

/** A log that tests can read. */
export class KeptLog implements Logger {
  readonly lines: string[] = [];
  trace = (message: string): void => void this.lines.push(`trace ${message}`);
  debug = (message: string): void => void this.lines.push(`debug ${message}`);
  info = (message: string): void => void this.lines.push(`info ${message}`);
  warn = (message: string): void => void this.lines.push(`warn ${message}`);
  error = (message: string): void => void this.lines.push(`error ${message}`);
}

/** Accounts in a table, and the registries looked up in it. */
export class Accounts implements CredentialSource {
  readonly name = 'the table of the test';
  readonly asked: string[] = [];
  readonly #table: Record<string, Credential>;
  constructor(table: Record<string, Credential>) {
    this.#table = table;
  }
  find(registry: string): Promise<Credential | undefined> {
    this.asked.push(registry);
    return Promise.resolve(this.#table[registry]);
  }
  set(registry: string, credential: Credential | undefined): void {
    if (credential) this.#table[registry] = credential;
    else delete this.#table[registry];
  }
}

/** Everything between a test and a registry, with short waits. */
export interface Asking {
  readonly client: RegistryClient;
  readonly transport: Transport;
  readonly authorizer: AccountAuthorizer;
  readonly log: KeptLog;
  readonly signal: AbortSignal;
  close(): Promise<void>;
}

export const QUICK: TransportOptions = { ...DEFAULT_TRANSPORT, systemCa: false, retryDelay: 2, userAgent: 'peel-test' };

export function ask(
  config: RegistryConfig,
  options: Partial<TransportOptions> = {},
  sources: readonly CredentialSource[] = [],
): Asking {
  const log = new KeptLog();
  const transport = new Transport({ ...QUICK, ...options }, log);
  const authorizer = new AccountAuthorizer(transport, sources, log);
  const client = new RegistryClient(config, transport, authorizer, log);
  return { client, transport, authorizer, log, signal: new AbortController().signal, close: () => transport.close() };
}

/** Returns a registry's configuration. */
export function configOf(
  server: { readonly host: string; readonly url: string },
  more: Partial<RegistryConfig> = {},
): RegistryConfig {
  return { name: server.host, url: server.url, ...more };
}

/** Stores a random blob. */
export function storeBlob(
  store: RegistryStore,
  repository: string,
  length: number,
): { bytes: Buffer; blob: Descriptor } {
  const bytes = randomBytes(length);
  store.putManifest(repository, { mediaType: 'application/json', bytes: Buffer.from('{}') });
  return { bytes, blob: { mediaType: OCI_LAYER_GZIP, digest: store.putBlob(bytes), size: length } };
}

/** Collects what arrives. */
export class Collected implements Sink {
  readonly #chunks: Buffer[] = [];
  length = 0;
  write(chunk: Uint8Array): void {
    // The caller may reuse the chunk.
    this.#chunks.push(Buffer.from(chunk));
    this.length += chunk.length;
  }
  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}

/** Hashes what arrives, without storing it. */
export class Hashed implements Sink {
  readonly #hash = createHash('sha256');
  length = 0;
  write(chunk: Uint8Array): void {
    this.#hash.update(chunk);
    this.length += chunk.length;
  }
  digest(): string {
    return `sha256:${this.#hash.digest('hex')}`;
  }
}

export { sha256 };
