import { lookup as systemLookup } from 'node:dns';
import { lookup as resolve } from 'node:dns/promises';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { isLoopbackHost } from '../config.ts';

/** How far from the public internet an address is. */
export type Zone = 'loopback' | 'linkLocal' | 'private' | 'public';

/** A name from a registry's answer resolves to an address that it must not lead to. */
export class PrivateAddressError extends Error {
  readonly code = 'EPRIVATE';
  readonly zone: Zone;
  constructor(host: string, zone: Zone) {
    super(`${host} is a ${zone} address`);
    this.name = 'PrivateAddressError';
    this.zone = zone;
  }
}

const SUBNETS: Readonly<Record<Exclude<Zone, 'public'>, BlockList>> = {
  loopback: subnets(['127.0.0.0', 8], ['0.0.0.0', 8], ['::1', 128], ['::', 128]),
  linkLocal: subnets(['169.254.0.0', 16], ['fe80::', 10]),
  // With the shared address space (RFC 6598), multicast and reserved ranges.
  private: subnets(
    ['10.0.0.0', 8],
    ['172.16.0.0', 12],
    ['192.168.0.0', 16],
    ['100.64.0.0', 10],
    ['224.0.0.0', 3],
    ['fc00::', 7],
    ['ff00::', 8],
  ),
};

/** Zones that a registry's answers may lead to, by the registry's own. */
const REACH: Readonly<Record<Zone, readonly Zone[]>> = {
  loopback: ['public', 'private', 'loopback'],
  linkLocal: ['public', 'linkLocal'],
  private: ['public', 'private'],
  public: ['public'],
};

/**
 * Returns the zone of an IP address or a name of this machine; undefined for names that must be
 * resolved.
 */
export function zoneOfHost(host: string): Zone | undefined {
  const bare = host.replace(/^\[|\]$/g, '');
  if (isLoopbackHost(host)) return 'loopback';
  const family = isIP(bare);
  return family === 0 ? undefined : zoneOfAddress(bare, family);
}

/**
 * Returns the innermost zone of a host's addresses. A name that can't be resolved here counts as
 * public; a proxy may know it.
 */
export async function resolveZone(host: string): Promise<Zone> {
  const known = zoneOfHost(host);
  if (known !== undefined) return known;
  try {
    const zones = (await resolve(host, { all: true })).map(({ address, family }) => zoneOfAddress(address, family));
    return (['loopback', 'linkLocal', 'private'] as const).find(zone => zones.includes(zone)) ?? 'public';
  } catch {
    return 'public';
  }
}

/** Returns whether answers of a registry in zone `from` may lead to an address in zone `to`. */
export function mayLead(from: Zone, to: Zone): boolean {
  return REACH[from].includes(to);
}

/**
 * Returns a resolver for sockets. `*.localhost` is always this machine (RFC 6761). With `from`, it
 * refuses addresses that a registry in that zone must not lead to, and sees the very ones that are
 * connected to.
 */
export function guardedLookup(from: Zone | undefined): LookupFunction {
  return (host, options, callback) => {
    if (host.toLowerCase().endsWith('.localhost')) {
      return callback(null, options.all ? [{ address: '127.0.0.1', family: 4 }] : '127.0.0.1', 4);
    }
    systemLookup(host, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '');
      const refused = addresses
        .map(({ address, family }) => zoneOfAddress(address, family))
        .find(zone => from !== undefined && !mayLead(from, zone));
      if (refused !== undefined) return callback(new PrivateAddressError(host, refused), '');
      const first = addresses[0];
      if (options.all) return callback(null, addresses);
      return callback(null, first?.address ?? '', first?.family);
    });
  };
}

function zoneOfAddress(address: string, family: number): Zone {
  const type = family === 6 ? 'ipv6' : 'ipv4';
  return (['loopback', 'linkLocal', 'private'] as const).find(zone => SUBNETS[zone].check(address, type)) ?? 'public';
}

function subnets(...list: readonly (readonly [string, number])[]): BlockList {
  const block = new BlockList();
  for (const [net, prefix] of list) block.addSubnet(net, prefix, net.includes(':') ? 'ipv6' : 'ipv4');
  return block;
}
