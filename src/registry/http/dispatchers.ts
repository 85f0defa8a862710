import tls from 'node:tls';
import type { Dispatcher } from 'undici';
import connect from 'undici/lib/api/api-connect.js';
import Agent from 'undici/lib/dispatcher/agent.js';
import Pool from 'undici/lib/dispatcher/pool.js';
import ProxyAgent from 'undici/lib/dispatcher/proxy-agent.js';
import { guardedLookup, type Zone } from './addresses.ts';
import { alertConnector } from './alertConnector.ts';
import type { Proxy } from './transportOptions.ts';
import { steadyConnector } from './steadyConnector.ts';
import type { TransportOptions } from './transportOptions.ts';

/** The certificates and checks of a connection. */
export interface Trust {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** False = the other side's certificate is not checked. */
  readonly verify: boolean;
  /**
   * The zone of the registry whose answer led here; undefined for the registry's own host, which
   * may be anywhere.
   */
  readonly ledFrom?: Zone | undefined;
}

/** Keeps connections alive, in one pool per proxy and trust. */
export class Dispatchers {
  readonly #options: TransportOptions;
  readonly #pools = new Map<string, Dispatcher>();
  readonly #contexts = new Map<string, tls.SecureContext>();

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  /**
   * Returns the dispatcher for an address. HTTP/1.1 only: several plain connections carry layers
   * faster than one with streams.
   */
  for(target: URL, proxy: Proxy | undefined, trust: Trust): Dispatcher {
    const secure = target.protocol === 'https:';
    const key = JSON.stringify([proxy?.url, secure, trust]);
    let pool = this.#pools.get(key);
    if (!pool) {
      pool = proxy === undefined ? this.#direct(secure, trust) : this.#proxied(proxy.url, secure, trust);
      this.#pools.set(key, pool);
    }
    return pool;
  }

  /** Closes all connections. */
  async close(): Promise<void> {
    const pools = [...this.#pools.values()];
    this.#pools.clear();
    await Promise.all(pools.map(pool => pool.destroy()));
  }

  #direct(secure: boolean, trust: Trust): Dispatcher {
    return new Agent({
      ...this.#common(),
      connect: alertConnector(
        steadyConnector({ ...this.#connect(secure, trust), lookup: guardedLookup(trust.ledFrom) }),
      ),
    });
  }

  #proxied(proxy: string, secure: boolean, trust: Trust): Dispatcher {
    const common = this.#common();
    return new ProxyAgent({
      ...common,
      uri: proxy,
      requestTls: this.#connect(secure, trust),
      proxyTls: this.#connect(proxy.startsWith('https:'), { verify: true }),
      // undici's index adds this method to every dispatcher; tunnels need it on the proxy's.
      clientFactory: (origin, options) => Object.assign(new Pool(origin, options), { connect }),
      factory: (origin: string | URL, options: Pool.Options) =>
        new Pool(origin, { ...options, ...common, ...reportingAlerts(options.connect) }),
    });
  }

  #common(): Agent.Options {
    return {
      connections: this.#options.connectionsPerHost,
      connectTimeout: this.#options.connectTimeout,
      allowH2: false,
      maxHeaderSize: 64 * 1024,
      keepAliveTimeout: 30_000,
    };
  }

  #connect(
    secure: boolean,
    trust: Trust,
  ): {
    timeout: number;
    rejectUnauthorized: boolean;
    allowH2: false;
    autoSelectFamilyAttemptTimeout: number;
    secureContext?: tls.SecureContext;
  } {
    return {
      timeout: this.#options.connectTimeout,
      allowH2: false,
      // Node's default, 250 ms per address, is too short for distant hosts.
      autoSelectFamilyAttemptTimeout: 1000,
      rejectUnauthorized: this.#options.strictSSL && trust.verify,
      ...(secure ? { secureContext: this.#context(trust) } : {}),
    };
  }

  #context(trust: Trust): tls.SecureContext {
    const key = JSON.stringify([trust.ca, trust.cert, trust.key]);
    let context = this.#contexts.get(key);
    if (!context) {
      context = tls.createSecureContext({
        ca: authorities(this.#options, trust.ca),
        ...(trust.cert === undefined ? {} : { cert: trust.cert }),
        ...(trust.key === undefined ? {} : { key: trust.key }),
      });
      this.#contexts.set(key, context);
    }
    return context;
  }
}

/** Reports alerts on connections through a proxy's tunnel too. */
function reportingAlerts(connect: Pool.Options['connect']): Pick<Pool.Options, 'connect'> {
  return typeof connect === 'function' ? { connect: alertConnector(connect) } : {};
}

/**
 * Returns Node's authorities, those of NODE_EXTRA_CA_CERTS, the operating system's (which the
 * editor adds only to Node's own HTTP client), and the configured ones.
 */
function authorities(options: TransportOptions, own: string | undefined): string[] {
  const found = [...tls.rootCertificates];
  // Since Node 22.15; an older host has only the list above.
  if (typeof tls.getCACertificates === 'function') {
    found.push(...tls.getCACertificates('extra'));
    if (options.systemCa) found.push(...tls.getCACertificates('system'));
  }
  return [...new Set([...found, ...options.ca, ...(own === undefined ? [] : [own])])];
}
