import { BlockList, isIP } from 'node:net';
import { isLoopbackHost } from '../config.ts';
import type { TransportOptions } from './transportOptions.ts';

/** What the editor's settings say about proxies (`http.proxy`, `http.noProxy`, `http.proxySupport`). */
export interface EditorProxySettings {
  readonly proxy?: string | undefined;
  readonly noProxy?: readonly string[] | undefined;
  readonly proxySupport?: string | undefined;
}

/**
 * Which proxies hold: the editor's where it names one, else the environment's (lower-case names first, as curl does). With
 * `http.proxySupport` off there is none.
 */
export function resolveProxies(
  editor: EditorProxySettings,
  environment: Readonly<Record<string, string | undefined>>,
): Pick<TransportOptions, 'httpProxy' | 'httpsProxy' | 'noProxy'> {
  if (editor.proxySupport === 'off') return { noProxy: [] };
  const variable = (name: string): string | undefined =>
    environment[name.toLowerCase()]?.trim() || environment[name]?.trim() || undefined;
  const all = editor.proxy?.trim() || undefined;
  const http = withScheme(all ?? variable('HTTP_PROXY') ?? variable('ALL_PROXY'));
  const https = withScheme(all ?? variable('HTTPS_PROXY') ?? variable('ALL_PROXY'));
  const exceptions = editor.noProxy?.length ? editor.noProxy : (variable('NO_PROXY') ?? '').split(/[\s,]+/);
  return {
    ...(http === undefined ? {} : { httpProxy: http }),
    ...(https === undefined ? {} : { httpsProxy: https }),
    noProxy: exceptions.map(entry => entry.trim()).filter(entry => entry !== ''),
  };
}

/** The proxy for an address; undefined = none. This machine is never asked for through a proxy, for the proxy's localhost is another one. */
export function proxyFor(
  target: URL,
  options: Pick<TransportOptions, 'httpProxy' | 'httpsProxy' | 'noProxy'>,
): string | undefined {
  const proxy = target.protocol === 'https:' ? options.httpsProxy : options.httpProxy;
  if (proxy === undefined || isLoopbackHost(target.hostname)) return undefined;
  return options.noProxy.some(entry => isExcepted(target, entry)) ? undefined : proxy;
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

function withScheme(proxy: string | undefined): string | undefined {
  if (proxy === undefined) return undefined;
  const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(proxy) ? proxy : `http://${proxy}`;
  // curl's name for a SOCKS proxy that resolves the names itself, which ours always does.
  return whole.replace(/^socks5h:/i, 'socks5:');
}
