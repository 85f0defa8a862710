import { NoCatalogError } from '../../registry/errors.ts';
import type { ListChunk } from '../../registry/api/listing.ts';
import type { VendorLists } from '../../registry/vendors/vendorLists.ts';
import type { RepositoryAccess } from './repositoryAccess.ts';
import type { Chunk } from '../tree/chunkedList.ts';

/**
 * Tags that stand in for referrers, written by cosign and by registry clients. They are shown as
 * attachments of their images instead.
 */
const ATTACHMENT_TAG = /^sha(?:256-[0-9a-f]{64}|512-[0-9a-f]{64,128})(?:\.[a-z]+)?$/;

/**
 * One chunk of a registry's repositories.
 * @param lists recognises registries that hide their catalog
 * @throws {NoCatalogError}
 */
export async function listRepositories(
  client: RepositoryAccess,
  lists: Pick<VendorLists, 'kind'> | undefined,
  cursor: string | undefined,
  signal: AbortSignal,
): Promise<ListChunk> {
  const chunk = await client.catalog({ last: cursor }, signal);
  if (chunk.items.length > 0 || cursor !== undefined) return chunk;
  // Quay answers an anonymous request with an empty list, whatever it has.
  const kind = await lists?.kind(signal).catch(() => undefined);
  if (kind?.name === 'Quay') throw new NoCatalogError({ registry: 'quay.io' });
  return chunk;
}

/**
 * How many of the registry's own chunks of tags (mostly 100 or 1,000) are read at once. Registries
 * list tags alphabetically, so the newest may come last. Few repositories have more tags than this;
 * the rest is read on demand.
 */
const TAG_PARTS = 10;

/** Some of a repository's tags, in the registry's order. */
export async function listTags(
  client: RepositoryAccess,
  repository: string,
  cursor: string | undefined,
  signal: AbortSignal,
): Promise<Chunk<string>> {
  const { items, next } = await client.manyTags(repository, cursor, TAG_PARTS, signal);
  return { items: items.filter(tag => !ATTACHMENT_TAG.test(tag)), next };
}

/** Removes duplicates and sorts the newest version first. */
export async function newestFirst(tags: readonly string[]): Promise<readonly string[]> {
  const { sortTags } = await import('../../registry/api/sortTags.ts');
  return sortTags([...new Set(tags)]);
}
