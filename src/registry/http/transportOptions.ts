/** A proxy and the setting or environment variable that names it. */
export interface Proxy {
  /** May contain a user name and password. */
  readonly url: string;
  readonly setting: string;
}

/** How requests are sent. Plain data, to be passed to worker threads. Times are in milliseconds. */
export interface TransportOptions {
  /** Certificates of further authorities, in PEM. */
  readonly ca: readonly string[];
  /** Whether the operating system's authorities are trusted along with Node's. */
  readonly systemCa: boolean;
  /** False = no certificate is checked (the editor's `http.proxyStrictSSL`). */
  readonly strictSSL: boolean;
  /** Proxies by the scheme of the wanted address, from `resolveProxies`. */
  readonly httpProxy?: Proxy;
  readonly httpsProxy?: Proxy;
  /** Hosts reached without a proxy: `host`, `.domain`, `host:port`, `10.0.0.0/8`, `*`. */
  readonly noProxy: readonly string[];
  readonly connectTimeout: number;
  /** Until an answer's first byte; long, since scanning proxies hold back a whole file. */
  readonly firstByteTimeout: number;
  /** Between two chunks; the whole has no limit. */
  readonly idleTimeout: number;
  /** Attempts for one request, including the first. */
  readonly tries: number;
  /** The first wait between two attempts; it doubles each time. */
  readonly retryDelay: number;
  /** If a registry asks for a longer wait, the request fails instead. */
  readonly longestRetryAfter: number;
  readonly connectionsPerHost: number;
  readonly userAgent: string;
}

/** The options unless settings change them. */
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
};
