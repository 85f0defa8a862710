import { createHash } from 'node:crypto';
import { asStrings, parseJsonObject, type JsonObject } from '../../oci/json.ts';
import { isRepository, isTag } from '../../oci/reference.ts';
import { pullScope, type Asker, type Question } from './asker.ts';
import type { Endpoint } from '../config.ts';
import { HtmlInsteadError, RedirectRefusedError, ServerError, TooLargeError } from '../errors.ts';
import { nextLink, type HttpHeaders } from '../http/headers.ts';
import { looksLikeHtml, titleOf } from '../http/responseErrors.ts';

/** A part of a list. */
export interface ListChunk {
  readonly items: readonly string[];
  /** Opaque; pass it as `last` for the next part. Absent at the end. */
  readonly next?: string;
}

/** Where a part starts, and how many items it may have. */
export interface ChunkOptions {
  /**
   * A `next`, or the item to start after; on some registries, `owner/` lists one owner's
   * repositories.
   */
  readonly last?: string | undefined;
  readonly size?: number | undefined;
}

/** A list to read: a registry's catalog or a repository's tags. */
export interface List extends Omit<Question, 'path'> {
  readonly path: string;
  readonly member: 'repositories' | 'tags';
  /** Receives each answer, for members that only some registries send. */
  readonly seen?: (answer: JsonObject) => void;
}

/** The list of a repository's tags (distribution-spec, "Listing Tags"). */
export function tagsOf(repository: string): List {
  return {
    path: `${repository}/tags/list`,
    member: 'tags',
    scope: pullScope(repository),
    repository,
    wanted: { what: 'repository' },
  };
}

const USUAL_CHUNK = 100;
/** Bytes; registries without paging send everything at once: some hundred thousand tags. */
const LONGEST_CHUNK = 32 * 1024 * 1024;

/**
 * Reads one part of a list (distribution-spec, "Listing Tags"; distribution, "Listing
 * Repositories"), tolerating servers' mistakes: null lists, null and empty items, digests between
 * tags, repeats, links to the same part, to another host, or without the path's prefix.
 */
export async function fetchChunk(
  asker: Asker,
  endpoint: Endpoint,
  list: List,
  options: ChunkOptions,
  signal: AbortSignal,
): Promise<ListChunk> {
  const size = options.size ?? USUAL_CHUNK;
  const begin = beginOf(options.last, size);
  const path = begin.path ?? `${list.path}${begin.query}`;
  const { response, body } = await asker.askForDocument(endpoint, { ...list, path }, LONGEST_CHUNK, signal);
  const where = { registry: endpoint.name, repository: list.repository, url: response.url };
  if (!body) throw new TooLargeError(LONGEST_CHUNK, where);
  const raw = readItems(body, response.headers, list, where, response.status);
  const print = fingerprint(raw);
  // The same part again, or the item to start after: this server doesn't page.
  if (print === begin.print || (begin.after !== undefined && raw.includes(begin.after))) {
    return {
      items:
        begin.print === print
          ? []
          : clean(
              list,
              raw.filter(item => item !== begin.after),
            ),
    };
  }
  const items = clean(list, raw);
  const next = nextOf(response.headers, endpoint, list, where) ?? guessNext(raw, size);
  return next === undefined || next === begin.place || raw.length === 0
    ? { items }
    : { items, next: `${next}#${print}` };
}

/**
 * Follows a list to its end, through `most` parts, or until a part brings nothing new.
 * @param from a `next`, or undefined for the start
 */
export async function fetchParts(
  page: (last: string | undefined) => Promise<ListChunk>,
  from: string | undefined,
  most: number,
): Promise<ListChunk> {
  const all = new Set<string>();
  const places = new Set<string>();
  let last = from;
  for (let parts = 1; ; parts++) {
    const { items, next } = await page(last);
    const before = all.size;
    for (const item of items) all.add(item);
    const place = next?.split('#', 1)[0];
    if (next === undefined || place === undefined || places.has(place) || (all.size === before && items.length > 0))
      return { items: [...all] };
    if (parts >= most) return { items: [...all], next };
    places.add(place);
    last = next;
  }
}

interface Begin {
  /** `last` without the fingerprint. */
  readonly place?: string;
  /** A path below `/v2/` that a link named. */
  readonly path?: string;
  readonly query: string;
  /** The previous part's fingerprint. */
  readonly print?: string;
  readonly after?: string;
}

/**
 * Unlike tags and repositories, a `next` starts with `?` or `/`; it ends with the previous part's
 * fingerprint.
 */
function beginOf(last: string | undefined, size: number): Begin {
  if (last === undefined || last === '') return { query: `?n=${size}` };
  const [place = '', print] = last.split('#', 2);
  const known = print === undefined ? {} : { print };
  if (place.startsWith('/')) return { place, path: place.slice(1), query: '', ...known };
  if (place.startsWith('?')) {
    const after = new URLSearchParams(place).get('last');
    return { place, query: place, ...known, ...(after === null ? {} : { after }) };
  }
  return { query: `?n=${size}&last=${encodeURIComponent(last)}`, after: last };
}

function nextOf(
  headers: HttpHeaders,
  endpoint: Endpoint,
  list: List,
  where: { registry: string; url: string },
): string | undefined {
  const link = nextLink(headers.link);
  if (link === undefined) return undefined;
  const target = URL.canParse(link, where.url) ? new URL(link, where.url) : undefined;
  if (!target) return undefined;
  // Behind proxies, servers write links with their internal host, scheme or path. Of a link to this
  // list, only the query is used.
  if (target.pathname.endsWith(`/v2/${list.path}`)) return target.search === '' ? undefined : withoutNs(target);
  const base = new URL(`${endpoint.url}/v2/`);
  if (target.origin === base.origin && target.pathname.startsWith(base.pathname))
    return `/${target.pathname.slice(base.pathname.length)}${target.search}`;
  throw new RedirectRefusedError('the link to the next part of the list leaves the registry', {
    ...where,
    url: target.href,
  });
}

function withoutNs(target: URL): string {
  target.searchParams.delete('ns');
  return target.search;
}

/** A full part without a link may have a next one: old servers omit the header. */
function guessNext(raw: readonly string[], size: number): string | undefined {
  const last = raw.at(-1);
  return raw.length === size && last !== undefined ? `?n=${size}&last=${encodeURIComponent(last)}` : undefined;
}

function readItems(
  body: Uint8Array,
  headers: HttpHeaders,
  list: List,
  where: { registry: string; url: string },
  status: number,
): string[] {
  const text = new TextDecoder().decode(body);
  const json = parseJsonObject(text);
  if (json) {
    list.seen?.(json);
    return asStrings(json[list.member]);
  }
  if (looksLikeHtml(text, headers)) throw new HtmlInsteadError(where, status, titleOf(text));
  throw new ServerError(status, undefined, 'its list is not JSON', where);
}

function clean(list: List, raw: readonly string[]): string[] {
  return [...new Set(raw)].filter(item => (list.member === 'tags' ? isTag(item) : isRepository(item)));
}

/** Ignores the order, in which some servers are inconsistent. */
function fingerprint(items: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([...items].sort()))
    .digest('hex')
    .slice(0, 16);
}
