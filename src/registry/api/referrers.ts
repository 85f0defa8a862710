import type { Descriptor } from '../../oci/descriptor.ts';
import { isDigest, referrersTag, type Digest } from '../../oci/digest.ts';
import { asObjects, parseJsonObject } from '../../oci/json.ts';
import { descriptor } from '../../oci/manifest.ts';
import { OCI_INDEX } from '../../oci/mediaTypes.ts';
import { pullScope, type Asker } from './asker.ts';
import type { Endpoint } from '../config.ts';
import { NotFoundError, RedirectRefusedError } from '../errors.ts';
import { nextLink } from '../http/headers.ts';

const LONGEST_INDEX = 4 * 1024 * 1024;
const MOST_PAGES = 100;
/** Answers of registries without the referrers API. */
const NO_API: readonly number[] = [400, 404, 405, 406, 501];

/**
 * Returns what points to a manifest: signatures, SBOMs, attestations (distribution-spec, "Listing
 * Referrers"), from the API, or from the tag that replaces it.
 * @param artifactType only these; undefined = all
 * @param byTag downloads the index under a tag
 */
export async function fetchReferrers(
  asker: Asker,
  endpoint: Endpoint,
  repository: string,
  digest: Digest,
  artifactType: string | undefined,
  byTag: (tag: string) => Promise<{ readonly bytes: Uint8Array }>,
  signal: AbortSignal,
): Promise<Descriptor[]> {
  const found =
    (await fromApi(asker, endpoint, repository, digest, artifactType, signal)) ?? (await fromTag(digest, byTag));
  const wanted = found.filter(item => artifactType === undefined || item.artifactType === artifactType);
  return [...new Map(wanted.map(item => [item.digest, item])).values()];
}

async function fromApi(
  asker: Asker,
  endpoint: Endpoint,
  repository: string,
  digest: Digest,
  artifactType: string | undefined,
  signal: AbortSignal,
): Promise<Descriptor[] | undefined> {
  const base = `${repository}/referrers/${digest}`;
  const found: Descriptor[] = [];
  const seen = new Set<string>();
  let query = artifactType === undefined ? '' : `?artifactType=${encodeURIComponent(artifactType)}`;
  while (!seen.has(query) && seen.size < MOST_PAGES) {
    seen.add(query);
    const question = {
      path: `${base}${query}`,
      headers: { accept: OCI_INDEX },
      scope: pullScope(repository),
      repository,
      accepted: NO_API,
    };
    const { response, body } = await asker.askForDocument(endpoint, question, LONGEST_INDEX, signal);
    const page = response.status === 200 && body ? readIndex(body) : undefined;
    // Some servers answer any path with something that isn't an index.
    if (!page) return seen.size === 1 ? undefined : found;
    found.push(...page);
    const link = nextLink(response.headers.link);
    if (link === undefined) return found;
    query = sameList(link, response.url, base, endpoint.name);
  }
  return found;
}

/** Only the link's query is used, so it can't leave the registry. */
function sameList(link: string, from: string, path: string, registry: string): string {
  const target = URL.canParse(link, from) ? new URL(link, from) : undefined;
  if (!target || !target.pathname.replaceAll(/%3a/gi, ':').endsWith(`/v2/${path}`)) {
    throw new RedirectRefusedError('the link to further referrers leads elsewhere', { registry, url: target?.href });
  }
  target.searchParams.delete('ns');
  return target.search;
}

async function fromTag(
  digest: Digest,
  byTag: (tag: string) => Promise<{ readonly bytes: Uint8Array }>,
): Promise<Descriptor[]> {
  try {
    return readIndex((await byTag(referrersTag(digest))).bytes) ?? [];
  } catch (error) {
    if (error instanceof NotFoundError) return [];
    throw error;
  }
}

/** Returns an index's descriptors, without those that can't be verified. */
function readIndex(bytes: Uint8Array): Descriptor[] | undefined {
  const json = parseJsonObject(new TextDecoder().decode(bytes));
  if (!json || !('manifests' in json)) return undefined;
  return asObjects(json.manifests)
    .filter(({ digest }) => isDigest(digest))
    .map(descriptor);
}
