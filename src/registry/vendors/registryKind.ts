import { parseChallenges } from '../auth/challenge.ts';
import { isDigest, type Digest } from '../../oci/digest.ts';
import type { JsonObject } from '../../oci/json.ts';

/** What a registry's own list says about a tag. */
export interface TagDetail {
  readonly tag: string;
  readonly digest?: Digest;
  /** Compressed bytes of the image. */
  readonly size?: number;
  /** When the tag was set; ISO 8601. */
  readonly pushed?: string;
  /** When the image was built; ISO 8601. */
  readonly created?: string;
}

/** Where a registry is, and how it asks for accounts. */
export interface Seen {
  readonly host: string;
  /** Of the `WWW-Authenticate` header of `/v2/`. */
  readonly realm?: string;
  readonly service?: string;
}

/**
 * Reads JSON from an API that a registry has besides the distribution API, without an account.
 * @param url on the registry's own origin, or on the host that its kind names
 * @returns undefined if the API refuses or isn't there; the standard way remains then
 */
export type AskApi = (url: string, signal: AbortSignal) => Promise<JsonObject | readonly unknown[] | undefined>;

/** A vendor's lists, for registries whose standard lists are refused or say little. */
export interface RegistryKind {
  /** As users know it. */
  readonly name: string;
  recognises(seen: Seen): boolean;
  /** @param origin the registry's own, without a path */
  repositories?(
    ask: AskApi,
    origin: string,
    owner: string | undefined,
    signal: AbortSignal,
  ): Promise<readonly string[] | undefined>;
  tags?(
    ask: AskApi,
    origin: string,
    repository: string,
    signal: AbortSignal,
  ): Promise<readonly TagDetail[] | undefined>;
}

/** Pages that are read of one list. */
export const MOST_PAGES = 50;

/** Reads realm and service from a challenge. */
export function seenIn(host: string, header: string | readonly string[] | undefined): Seen {
  const challenge = parseChallenges(header).find(({ scheme }) => scheme === 'bearer');
  const { realm, service } = challenge?.parameters ?? {};
  return { host, ...(realm === undefined ? {} : { realm }), ...(service === undefined ? {} : { service }) };
}

/** Docker did not exist before; tools for reproducible builds write such dates. */
const EARLIEST = Date.UTC(2013, 0, 1);
const DAY = 86_400_000;

/**
 * Returns a date as ISO 8601, or undefined if it can't be a real one: missing, unreadable, before
 * 2013 as reproducible builds have it, or more than a day ahead.
 * @param date a text, or milliseconds since 1970
 */
export function realDate(date: unknown, now = Date.now()): string | undefined {
  if (typeof date !== 'string' && typeof date !== 'number') return undefined;
  const time = typeof date === 'number' ? date : Date.parse(date);
  return Number.isFinite(time) && time >= EARLIEST && time <= now + DAY ? new Date(time).toISOString() : undefined;
}

/** Returns a number of bytes, which some vendors write as a text; undefined for none. */
export function realSize(size: unknown): number | undefined {
  const bytes = typeof size === 'string' && /^\d{1,16}$/.test(size) ? Number(size) : size;
  return typeof bytes === 'number' && Number.isSafeInteger(bytes) && bytes > 0 ? bytes : undefined;
}

/** Builds a detail without what is unknown. */
export function tagDetail(tag: string, facts: { readonly [name in keyof Omit<TagDetail, 'tag'>]: unknown }): TagDetail {
  const { digest, size, pushed, created } = facts;
  const known = {
    digest: isDigest(digest) ? digest : undefined,
    size: realSize(size),
    pushed: realDate(pushed),
    created: realDate(created),
  };
  return { tag, ...Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined)) };
}
