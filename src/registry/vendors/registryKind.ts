import { parseChallenges } from '../auth/challenge.ts';
import type { JsonObject } from '../../oci/json.ts';
import type { TagDetail } from './tagDetail.ts';

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
