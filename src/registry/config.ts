import { DOCKER_HUB } from '../oci/reference.ts';
import { InsecureRefusedError } from './errors.ts';

/** Certificates for connections to one host, in PEM. */
export interface Certificates {
  /** Authorities trusted for this host, along with the common ones. */
  readonly ca?: string;
  /** A client certificate and its key. */
  readonly cert?: string;
  readonly key?: string;
}

/**
 * An address like a registry's `url`. With `ns`, requests carry the registry's name in containerd's
 * parameter `ns`, with `false` they don't; absent = they do if the mirror is another host.
 */
export type Mirror = string | { readonly url: string; readonly ns?: boolean };

/** Returns a mirror's address. */
export function mirrorUrl(mirror: Mirror): string {
  return typeof mirror === 'string' ? mirror : mirror.url;
}

/** How to reach a registry. Plain data, to be passed to worker threads. */
export interface RegistryConfig extends Certificates {
  /** The domain as in references, such as `docker.io` or `127.0.0.1:5000`. */
  readonly name: string;
  /**
   * The address before `/v2`, which may have a path: `https://host/artifactory/api/docker/repo`.
   */
  readonly url: string;
  /** Allows plain HTTP, and TLS without a trusted certificate. */
  readonly insecure?: boolean;
  /** Asked before the registry, in this order. */
  readonly mirrors?: readonly Mirror[];
  /**
   * The mirrors' certificates, by host and port; the registry's authorities are trusted there too.
   */
  readonly mirrorCertificates?: Readonly<Record<string, Certificates>>;
}

/** An address that answers for a registry: its own or a mirror's. */
export interface Endpoint extends Certificates {
  /** The name of its accounts: the registry's, or the mirror's host. */
  readonly name: string;
  /** Without `/v2` and a trailing slash. */
  readonly url: string;
  /** The registry that a mirror stands for, to be named in each request (containerd's `ns`). */
  readonly mirrorOf?: string;
  readonly insecure?: boolean;
}

/** Returns the address of a path below `/v2/`; a mirror that stands for a registry gets `ns`. */
export function apiUrl({ url, mirrorOf }: Pick<Endpoint, 'url' | 'mirrorOf'>, path: string): string {
  const ns = mirrorOf === undefined ? '' : `${path.includes('?') ? '&' : '?'}ns=${encodeURIComponent(mirrorOf)}`;
  return `${url}/v2/${path}${ns}`;
}

/**
 * Returns the configuration of a registry without settings: Docker Hub's API host, plain HTTP for
 * this machine, HTTPS for others.
 */
export function defaultConfig(name: string): RegistryConfig {
  if (name === DOCKER_HUB) return { name, url: 'https://registry-1.docker.io' };
  return { name, url: `${isLoopbackHost(hostname(name)) ? 'http' : 'https'}://${name}` };
}

/**
 * Returns whether a host is `localhost`, `*.localhost`, in 127.0.0.0/8 or ::1, where plain HTTP
 * never leaves the machine.
 */
export function isLoopbackHost(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase();
  return bare === 'localhost' || bare.endsWith('.localhost') || bare === '::1' || /^127\.\d+\.\d+\.\d+$/.test(bare);
}

/**
 * Returns the addresses to ask, in order: mirrors, then the registry.
 * @throws {InsecureRefusedError} plain HTTP to another machine without `insecure`
 */
export function endpointsOf(config: RegistryConfig): readonly [...Endpoint[], Endpoint] {
  const { name, url, insecure, ca, cert, key } = config;
  const trust = { ...(insecure ? { insecure } : {}), ...(ca === undefined ? {} : { ca }) };
  const certificatesOf = new Map(Object.entries(config.mirrorCertificates ?? {}));
  const own: Endpoint = {
    name,
    url: baseUrl(url),
    ...trust,
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
  const mirrors = (config.mirrors ?? []).map((mirror): Endpoint => {
    const base = baseUrl(mirrorUrl(mirror));
    const host = new URL(base).host;
    const named = (typeof mirror === 'string' ? undefined : mirror.ns) ?? host !== name;
    return host === new URL(own.url).host && base === own.url
      ? own
      : {
          name: host,
          url: base,
          ...(named ? { mirrorOf: name } : {}),
          ...trust,
          ...joined(ca, certificatesOf.get(host)),
        };
  });
  const all: [...Endpoint[], Endpoint] = [...mirrors.filter(mirror => mirror !== own), own];
  for (const endpoint of all) checkEncrypted(endpoint);
  return all;
}

/** Returns the registry's own address. @throws {InsecureRefusedError} */
export function ownEndpoint(config: RegistryConfig): Endpoint {
  const endpoints = endpointsOf(config);
  return endpoints[endpoints.length - 1] ?? endpoints[0];
}

/** Adds the registry's authorities to a mirror's certificates. */
function joined(ca: string | undefined, own: Certificates = {}): Certificates {
  return ca === undefined || own.ca === undefined ? own : { ...own, ca: `${ca}\n${own.ca}` };
}

/**
 * Adds `https://` to a bare host, and removes user, query, fragment, `/v2` and trailing slashes.
 * @throws {TypeError} not an address
 */
export function baseUrl(text: string): string {
  const url = new URL(
    /^https?:\/\//i.test(text) ? text : `${isLoopbackHost(hostname(text)) ? 'http' : 'https'}://${text}`,
  );
  return `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, '').replace(/\/v2$/, '').replace(/\/+$/, '')}`;
}

function checkEncrypted(endpoint: Endpoint): void {
  const { protocol, hostname: host } = new URL(endpoint.url);
  if (protocol === 'http:' && !endpoint.insecure && !isLoopbackHost(host))
    throw new InsecureRefusedError({ registry: endpoint.name, url: endpoint.url });
}

function hostname(name: string): string {
  const host = name.replace(/\/.*$/s, '');
  return host.startsWith('[') ? host.slice(0, host.indexOf(']') + 1) : host.replace(/:\d+$/, '');
}
