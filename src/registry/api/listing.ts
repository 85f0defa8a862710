import { createHash } from 'node:crypto';
import { asStrings, isObject } from '../../oci/json.ts';
import { isRepository, isTag } from '../../oci/reference.ts';
import type { Asker, Question } from './asker.ts';
import type { Endpoint } from '../config.ts';
import { HtmlInsteadError, RedirectRefusedError, ServerError, TooLargeError } from '../errors.ts';
import type { HttpHeaders } from '../http/exchange.ts';
import { nextLink } from '../http/links.ts';
import { looksLikeHtml, titleOf } from '../http/responseErrors.ts';

/** A part of a list. */
export interface Page {
  readonly items: readonly string[];
  /** Opaque; to be passed as `last` for the part that follows. Absent at the end. */
  readonly next?: string;
}

/** Where a part begins, and how long it may be. */
export interface PageOptions {
  /** A `next`, or an item behind which to begin (`owner/` lists one owner's repositories on some registries). */
  readonly last?: string | undefined;
  readonly size?: number | undefined;
}

/** Which list is read: `catalog` of a registry or `tags` of a repository. */
export interface List extends Omit<Question, 'path'> {
  readonly path: string;
  readonly member: 'repositories' | 'tags';
}

const USUAL_PAGE = 100;
/** Registries that know no pages send everything at once: some hundred thousand tags. */
const LONGEST_PAGE = 32 * 1024 * 1024;

/**
 * Reads one part of a list (distribution-spec, "Listing Tags"; distribution, "Listing Repositories"), whatever its server gets wrong: null lists, null and
 * empty items, digests between tags, repeats, links to the same part again, links with another host or without the path's prefix.
 */
export async function fetchPage(
  asker: Asker,
  endpoint: Endpoint,
  list: List,
  options: PageOptions,
  signal: AbortSignal,
): Promise<Page> {
  const size = options.size ?? USUAL_PAGE;
  const begin = beginOf(options.last, size);
  const path = begin.path ?? `${list.path}${begin.query}`;
  const { response, body } = await asker.askForBody(endpoint, { ...list, path }, LONGEST_PAGE, signal);
  const where = { registry: endpoint.name, repository: list.repository, url: response.url };
  if (!body) throw new TooLargeError(LONGEST_PAGE, where);
  const raw = readItems(body, response.headers, list, where, response.status);
  const print = fingerprint(raw);
  // The same again, or the item that this part should begin behind: this server cannot go on.
  if (print === begin.print || (begin.behind !== undefined && raw.includes(begin.behind))) {
    return {
      items:
        begin.print === print
          ? []
          : clean(
              list,
              raw.filter(item => item !== begin.behind),
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
 * Follows a list to its end or through so many parts, whatever comes first; stops when a part brings nothing new.
 * @param from where to begin: a `next`; undefined = at the beginning
 */
export async function fetchParts(
  page: (last: string | undefined) => Promise<Page>,
  from: string | undefined,
  most: number,
): Promise<Page> {
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
  /** The whole of `last` without the fingerprint. */
  readonly place?: string;
  /** A path below `/v2/` that a link named. */
  readonly path?: string;
  readonly query: string;
  /** Of the part before. */
  readonly print?: string;
  readonly behind?: string;
}

/** A `next` begins with `?` or `/`, which no tag and no repository does, and ends with the fingerprint of the part that it follows. */
function beginOf(last: string | undefined, size: number): Begin {
  if (last === undefined || last === '') return { query: `?n=${size}` };
  const [place = '', print] = last.split('#', 2);
  const known = print === undefined ? {} : { print };
  if (place.startsWith('/')) return { place, path: place.slice(1), query: '', ...known };
  if (place.startsWith('?')) {
    const behind = new URLSearchParams(place).get('last');
    return { place, query: place, ...known, ...(behind === null ? {} : { behind }) };
  }
  return { query: `?n=${size}&last=${encodeURIComponent(last)}`, behind: last };
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
  // Behind proxies, servers write links with their inner host, scheme or path: only the query of a link to this very list is taken.
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

/** A full part without a link may still have one behind it: old servers forget the header. */
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
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  if (isObject(json)) return asStrings(json[list.member]);
  if (looksLikeHtml(text, headers)) throw new HtmlInsteadError(where, status, titleOf(text));
  throw new ServerError(status, undefined, 'its list is not JSON', where);
}

function clean(list: List, raw: readonly string[]): string[] {
  return [...new Set(raw)].filter(item => (list.member === 'tags' ? isTag(item) : isRepository(item)));
}

/** Without regard to the order, for some servers give the same in another one. */
function fingerprint(items: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([...items].sort()))
    .digest('hex')
    .slice(0, 16);
}
