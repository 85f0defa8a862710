import { isJson, type Json, parseJson } from '../json.ts';
import type { LoggedRequest } from '../listen.ts';
import { bodySlice, type Body, errorReply, jsonReply, type Reply } from './reply.ts';
import { type RegistryStore, sha256, type StoredManifest } from './store.ts';

/** Behaviour that differs between registries. */
export interface RouteOptions {
  /** The maximum number of entries per page; default: all, unless the client asks for fewer. */
  readonly pageSize?: number | undefined;
  /** The API of distribution-spec 1.1, the fallback tag `sha256-<hex>`, or neither. */
  readonly referrers?: 'api' | 'tag' | 'none' | undefined;
  /** Whether the catalog is available, or refused as on Docker Hub. */
  readonly catalog?: boolean | undefined;
  /** Where to redirect blob requests; default: the registry sends the bytes itself. */
  readonly blobLocation?: ((digest: string) => string) | undefined;
}

const INDEX = 'application/vnd.oci.image.index.v1+json';

/** Returns the registry's correct reply to a request below `/v2/` (distribution-spec). */
export function answer(store: RegistryStore, request: LoggedRequest, options: RouteOptions): Reply {
  const path = decodeURIComponent(request.path);
  if (path === '/v2' || path === '/v2/')
    return jsonReply(200, {}, { 'docker-distribution-api-version': 'registry/2.0' });
  if (!['GET', 'HEAD'].includes(request.method)) return errorReply(405, 'UNSUPPORTED', 'the operation is unsupported');
  if (path === '/v2/_catalog') return catalog(store, request, options);
  const match = /^\/v2\/(.+)\/(manifests|blobs|referrers|tags)\/([^/]+)$/.exec(path);
  if (!match) return errorReply(404, 'NOT_FOUND', 'page not found');
  const [, name = '', kind, reference = ''] = match;
  if (!store.has(name)) return errorReply(404, 'NAME_UNKNOWN', 'repository name not known to registry');
  if (kind === 'tags') return reference === 'list' ? tags(store, name, request, options) : notFound();
  if (kind === 'manifests') return manifest(store, name, reference, request, options);
  if (kind === 'blobs') return blob(store, reference, request, options);
  return referrersPage(store, name, reference, request, options);
}

function notFound(): Reply {
  return errorReply(404, 'NOT_FOUND', 'page not found');
}

function catalog(store: RegistryStore, request: LoggedRequest, options: RouteOptions): Reply {
  if (options.catalog === false) return errorReply(401, 'UNAUTHORIZED', 'authentication required');
  return page(store.repositories(), request, options, repositories => ({ repositories }));
}

function tags(store: RegistryStore, name: string, request: LoggedRequest, options: RouteOptions): Reply {
  return page(store.tags(name), request, options, list => ({ name, tags: list }));
}

/** Returns a page of a sorted list for `n` and `last`, with a Link to the next one. */
function page(all: string[], request: LoggedRequest, options: RouteOptions, wrap: (part: string[]) => unknown): Reply {
  const last = request.query.get('last');
  const asked = Number(request.query.get('n') ?? Infinity);
  if (!(asked >= 0)) return errorReply(400, 'PAGINATION_NUMBER_INVALID', 'invalid number of results requested');
  const size = Math.min(asked, options.pageSize ?? Infinity);
  const rest = last === null ? all : all.filter(name => name > last);
  const part = rest.slice(0, size);
  if (part.length === rest.length || part.length === 0) return jsonReply(200, wrap(part));
  const next = new URLSearchParams({ last: part.at(-1) ?? '', n: String(size) });
  return jsonReply(200, wrap(part), { link: `<${request.path}?${next.toString()}>; rel="next"` });
}

function manifest(
  store: RegistryStore,
  name: string,
  reference: string,
  request: LoggedRequest,
  options: RouteOptions,
): Reply {
  const found = store.manifest(name, reference) ?? fallbackTag(store, name, reference, options);
  if (!found) return errorReply(404, 'MANIFEST_UNKNOWN', 'manifest unknown');
  if (!accepts(request.headers.accept, found.mediaType)) {
    const message = `${found.mediaType} found, but accept header does not support it`;
    return errorReply(404, 'MANIFEST_UNKNOWN', message);
  }
  return {
    status: 200,
    headers: { 'content-type': found.mediaType, 'docker-content-digest': found.digest, etag: `"${found.digest}"` },
    body: found.bytes,
  };
}

function accepts(header: string | undefined, mediaType: string): boolean {
  if (header === undefined) return true;
  const accepted = header.split(',').map(part => part.split(';', 1)[0]?.trim().toLowerCase());
  return accepted.includes(mediaType) || accepted.includes('*/*') || accepted.includes('application/*');
}

function blob(store: RegistryStore, digest: string, request: LoggedRequest, options: RouteOptions): Reply {
  const content = store.blob(digest);
  if (!content) return errorReply(404, 'BLOB_UNKNOWN', 'blob unknown to registry');
  if (options.blobLocation) {
    return { status: 307, headers: { location: options.blobLocation(digest) }, body: Buffer.alloc(0) };
  }
  const whole: Body = Buffer.isBuffer(content) ? content : { path: content.path, start: 0, end: content.size };
  return blobReply(whole, digest, request);
}

/** Returns a blob, or the requested range of it (RFC 9110, 14). */
export function blobReply(whole: Body, digest: string, request: LoggedRequest): Reply {
  const size = Buffer.isBuffer(whole) ? whole.length : whole.end;
  const headers = {
    'content-type': 'application/octet-stream',
    'accept-ranges': 'bytes',
    'docker-content-digest': digest,
    etag: `"${digest}"`,
  };
  const range = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? '');
  if (!range || request.method === 'HEAD' || (range[1] === '' && range[2] === ''))
    return { status: 200, headers, body: whole };
  const start = range[1] === '' ? Math.max(0, size - Number(range[2])) : Number(range[1]);
  const end = range[1] === '' || range[2] === '' ? size : Math.min(size, Number(range[2]) + 1);
  if (start >= size || start >= end) {
    return { status: 416, headers: { 'content-range': `bytes */${size}` }, body: Buffer.alloc(0), whole };
  }
  return {
    status: 206,
    headers: { ...headers, 'content-range': `bytes ${start}-${end - 1}/${size}` },
    body: bodySlice(whole, start, end),
    whole,
  };
}

function referrersPage(
  store: RegistryStore,
  name: string,
  digest: string,
  request: LoggedRequest,
  options: RouteOptions,
): Reply {
  if ((options.referrers ?? 'api') !== 'api') return notFound();
  const type = request.query.get('artifactType');
  const all = referrers(store, name, digest).filter(found => type === null || found.artifactType === type);
  const from = Number(request.query.get('from') ?? 0);
  const end = from + (options.pageSize ?? Infinity);
  const headers: Record<string, string> = { 'content-type': INDEX };
  if (type !== null) headers['oci-filters-applied'] = 'artifactType';
  if (end < all.length) {
    const query = new URLSearchParams({ ...(type === null ? {} : { artifactType: type }), from: String(end) });
    headers.link = `<${request.path}?${query.toString()}>; rel="next"`;
  }
  return jsonReply(200, { schemaVersion: 2, mediaType: INDEX, manifests: all.slice(from, end) }, headers);
}

/**
 * Returns the index behind the tag `sha256-<hex>`, which clients maintain if there is no referrers
 * API.
 */
function fallbackTag(
  store: RegistryStore,
  name: string,
  tag: string,
  options: RouteOptions,
): StoredManifest | undefined {
  const hex = options.referrers === 'tag' && /^sha256-([0-9a-f]{64})$/.exec(tag)?.[1];
  const manifests = hex ? referrers(store, name, `sha256:${hex}`) : [];
  if (manifests.length === 0) return undefined;
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests }));
  return { mediaType: INDEX, bytes, digest: sha256(bytes) };
}

interface Referrer {
  readonly artifactType: unknown;
}

function referrers(store: RegistryStore, name: string, digest: string): Referrer[] {
  return store.manifests(name).flatMap(({ mediaType, digest: own, bytes }) => {
    const { subject, config, artifactType, annotations } = parseOrEmpty(bytes);
    if (!isJson(subject) || subject.digest !== digest) return [];
    const type = artifactType ?? (isJson(config) ? config.mediaType : undefined);
    return [{ mediaType, digest: own, size: bytes.length, artifactType: type, annotations }];
  });
}

/** Tests may store hostile nonsense as manifests. */
function parseOrEmpty(bytes: Buffer): Json {
  try {
    return parseJson(bytes);
  } catch {
    return {};
  }
}
