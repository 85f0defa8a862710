import type { RepositoryAccess } from '../registries/repositoryAccess.ts';
import type { Chunk } from '../tree/chunkedList.ts';

/** Tags that stand in for referrers, written by cosign and by registries' clients: what they hold is shown below its image. */
const ATTACHMENT_TAG = /^sha(?:256-[0-9a-f]{64}|512-[0-9a-f]{64,128})(?:\.[a-z]+)?$/;

/** One part of a registry's list of its repositories. */
export async function listRepositories(
  client: RepositoryAccess,
  cursor: string | undefined,
  signal: AbortSignal,
): Promise<Chunk<string>> {
  return client.catalog({ last: cursor }, signal);
}

/**
 * Parts of a list of tags that are read in one go, each as long as the registry gives them (mostly 100 or 1,000). Registries list tags by the alphabet, where
 * the newest may be the last: few repositories have more than this, and those are not read to the end unasked.
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

/** Each tag once, newest version first. */
export async function newestFirst(tags: readonly string[]): Promise<readonly string[]> {
  const { sortTags } = await import('../../registry/api/sortTags.ts');
  return sortTags([...new Set(tags)]);
}
