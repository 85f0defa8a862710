import { BlockList, isIP } from 'node:net';
import { isLoopbackHost } from '../config.ts';
import type { Proxy, TransportOptions } from './transportOptions.ts';

/** The editor's proxy settings (`http.proxy`, `http.noProxy`, `http.proxySupport`). */
export interface EditorProxySettings {
  readonly proxy?: string | undefined;
  readonly noProxy?: readonly string[] | undefined;
  readonly proxySupport?: string | undefined;
}

/**
 * Finds the proxies to use: the editor's if it names one, or else the environment's, where
 * lower-case names come first, as in curl. With `http.proxySupport` off, none is used.
 */
export function resolveProxies(
  editor: EditorProxySettings,
  environment: Readonly<Record<string, string | undefined>>,
): Pick<TransportOptions, 'httpProxy' | 'httpsProxy' | 'noProxy'> {
  if (editor.proxySupport === 'off') return { noProxy: [] };
  const own = editor.proxy?.trim();
  const find = (...names: string[]): Proxy | undefined => {
    if (own) return { url: withScheme(own), setting: 'http.proxy' };
    const setting = names.flatMap(name => [name.toLowerCase(), name]).find(name => environment[name]?.trim());
    return setting === undefined ? undefined : { url: withScheme((environment[setting] ?? '').trim()), setting };
  };
  const httpProxy = find('HTTP_PROXY', 'ALL_PROXY');
  const httpsProxy = find('HTTPS_PROXY', 'ALL_PROXY');
  const excepted = environment.no_proxy?.trim() || environment.NO_PROXY || '';
  const exceptions = editor.noProxy?.length ? editor.noProxy : excepted.split(/[\s,]+/);
  return {
    ...(httpProxy ? { httpProxy } : {}),
    ...(httpsProxy ? { httpsProxy } : {}),
    noProxy: exceptions.map(entry => entry.trim()).filter(entry => entry !== ''),
  };
}

/**
 * Returns the proxy for an address. This machine's own addresses never go through one: a proxy's
 * localhost is another machine.
 */
export function proxyFor(
  target: URL,
  options: Pick<TransportOptions, 'httpProxy' | 'httpsProxy' | 'noProxy'>,
): Proxy | undefined {
  const proxy = target.protocol === 'https:' ? options.httpsProxy : options.httpProxy;
  if (proxy === undefined || isLoopbackHost(target.hostname)) return undefined;
  return options.noProxy.some(entry => isExcepted(target, entry)) ? undefined : proxy;
}

/** Returns what is wrong with a proxy's address; undefined if it can be used. */
export function proxyFault({ url }: Proxy): string | undefined {
  // A `#`, `?` or `/` in a password ends the host before it, and what is left may still be an
  // address.
  const afterHost = /^[^:]+:\/\/[^/?#\\]*(.*)$/s.exec(url)?.[1] ?? '';
  if (afterHost.includes('@') || !URL.canParse(url) || new URL(url).host === '')
    return 'its address can\'t be read; in a user name or password, write "#" as %23, "/" as %2F, "?" as %3F and "@" as %40';
  try {
    const { username, password } = new URL(url);
    decodeURIComponent(username + password);
    return undefined;
  } catch {
    return 'its user name or password contains a stray "%"; write it as %25';
  }
}

function isExcepted(target: URL, entry: string): boolean {
  if (entry === '*') return true;
  const host = target.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const family = isIP(host);
  const cidr = /^([0-9a-fA-F.:]+)\/(\d{1,3})$/.exec(entry);
  if (cidr) return family !== 0 && inSubnet(host, family, cidr[1] ?? '', Number(cidr[2]));
  const { name, port } = splitPort(entry.toLowerCase());
  const ownPort = target.port === '' ? (target.protocol === 'https:' ? '443' : '80') : target.port;
  if (port !== undefined && port !== ownPort) return false;
  const domain = name.replace(/^\*?\./, '');
  return host === domain || (family === 0 && host.endsWith(`.${domain}`));
}

function inSubnet(host: string, family: number, net: string, prefix: number): boolean {
  const netFamily = isIP(net);
  if (netFamily !== family || prefix > (family === 4 ? 32 : 128)) return false;
  const type = family === 4 ? 'ipv4' : 'ipv6';
  const block = new BlockList();
  block.addSubnet(net, prefix, type);
  return block.check(host, type);
}

function splitPort(entry: string): { name: string; port?: string } {
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(entry);
  const plain = bracketed ?? (isIP(entry) === 6 ? null : /^([^:]+):(\d+)$/.exec(entry));
  if (!plain) return { name: entry };
  const [, name = '', port] = plain;
  return port === undefined ? { name } : { name, port };
}

function withScheme(proxy: string): string {
  const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(proxy) ? proxy : `http://${proxy}`;
  // curl's name for a SOCKS proxy that resolves host names itself, as ours always does.
  return whole.replace(/^socks5h:/i, 'socks5:');
}
