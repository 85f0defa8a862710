import type { ParallelOptions } from './parallelParts.ts';

/** How requests are sent. Plain data, so that a worker thread can be given it. All times are milliseconds. */
export interface TransportOptions {
  /** Certificates of further authorities; PEM. */
  readonly ca: readonly string[];
  /** Whether the operating system's authorities are trusted besides Node's own. */
  readonly systemCa: boolean;
  /** False: no certificate is checked at all (the editor's `http.proxyStrictSSL`). */
  readonly strictSSL: boolean;
  /** Proxies by the scheme of the wanted address, as `resolveProxies` finds them; may hold user and password. */
  readonly httpProxy?: string;
  readonly httpsProxy?: string;
  /** Hosts that are reached without proxy: `host`, `.domain`, `host:port`, `10.0.0.0/8`, `*`. */
  readonly noProxy: readonly string[];
  readonly connectTimeout: number;
  /** Until the answer's first byte; long, for proxies that scan a file hold all of it back. */
  readonly firstByteTimeout: number;
  /** Between two chunks; there is no limit on the whole. */
  readonly idleTimeout: number;
  /** Tries of one request, the first included. */
  readonly tries: number;
  /** The first wait between two tries; it doubles each time. */
  readonly retryDelay: number;
  /** A registry that asks for a longer wait than this is reported instead of waited for. */
  readonly longestRetryAfter: number;
  readonly connectionsPerHost: number;
  readonly userAgent: string;
  /** When a huge blob comes over several connections. */
  readonly parallel: ParallelOptions;
}

/** What holds where no setting says otherwise. */
export const DEFAULT_TRANSPORT: TransportOptions = {
  ca: [],
  systemCa: true,
  strictSSL: true,
  noProxy: [],
  connectTimeout: 30_000,
  firstByteTimeout: 120_000,
  idleTimeout: 60_000,
  tries: 5,
  retryDelay: 500,
  longestRetryAfter: 60_000,
  connectionsPerHost: 8,
  userAgent: 'peel',
  parallel: { connections: 4, part: 4 << 20, leastRest: 64 << 20, slowerThan: 8 << 20, watch: 3000 },
};
