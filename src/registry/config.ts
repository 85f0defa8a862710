import { DOCKER_HUB } from '../oci/reference.ts';
import { InsecureRefusedError } from './errors.ts';

/** PEM texts for the connections to one host. */
export interface Certificates {
  /** Of authorities that the host is trusted by, besides the common ones. */
  readonly ca?: string;
  /** A client certificate and its key. */
  readonly cert?: string;
  readonly key?: string;
}

/** How one registry is reached. Plain data, so that a worker thread can be given it. */
export interface RegistryConfig extends Certificates {
  /** The domain as references write it, e.g. `docker.io`, `127.0.0.1:5000`. */
  readonly name: string;
  /** The address before `/v2`; may have a path, e.g. `https://host/artifactory/api/docker/repo`. */
  readonly url: string;
  /** Allows plain HTTP, and TLS without a trusted certificate. */
  readonly insecure?: boolean;
  /** Addresses like `url` that are asked before the registry, in this order. */
  readonly mirrors?: readonly string[];
  /** For the mirrors, by host and port; the registry's own authorities count there as well. */
  readonly mirrorCertificates?: Readonly<Record<string, Certificates>>;
}

/** One address that can answer for a registry: the registry itself or a mirror of it. */
export interface Endpoint extends Certificates {
  /** Whose credentials and scopes hold here: the registry's name, or the mirror's host. */
  readonly name: string;
  /** Without a slash at the end and without `/v2`. */
  readonly url: string;
  /** On a mirror: the registry it stands for (containerd's `ns`). */
  readonly mirrorOf?: string;
  readonly insecure?: boolean;
}

/** The configuration of a registry that nobody configured: Docker Hub's API host, plain HTTP for this machine, HTTPS for the rest. */
export function defaultConfig(name: string): RegistryConfig {
  if (name === DOCKER_HUB) return { name, url: 'https://registry-1.docker.io' };
  return { name, url: `${isLoopbackHost(hostname(name)) ? 'http' : 'https'}://${name}` };
}

/** True for `localhost`, `*.localhost`, 127.0.0.0/8 and ::1, where plain HTTP leaves the machine on no wire. */
export function isLoopbackHost(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase();
  return bare === 'localhost' || bare.endsWith('.localhost') || bare === '::1' || /^127\.\d+\.\d+\.\d+$/.test(bare);
}

/**
 * The addresses to ask, in order: mirrors, then the registry.
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
    const base = baseUrl(mirror);
    const host = new URL(base).host;
    return host === new URL(own.url).host && base === own.url
      ? own
      : { name: host, url: base, mirrorOf: name, ...trust, ...joined(ca, certificatesOf.get(host)) };
  });
  const all: [...Endpoint[], Endpoint] = [...mirrors.filter(mirror => mirror !== own), own];
  for (const endpoint of all) checkEncrypted(endpoint);
  return all;
}

/** A mirror's own certificates, with the registry's authorities among its own. */
function joined(ca: string | undefined, own: Certificates = {}): Certificates {
  return ca === undefined || own.ca === undefined ? own : { ...own, ca: `${ca}\n${own.ca}` };
}

/** `https://` put before a bare host; slashes and `/v2` at the end, user, query and fragment left out. @throws {TypeError} no address */
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
