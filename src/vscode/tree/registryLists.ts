import type { RegistryClient } from '../../registry/client.ts';
import type { Page } from './pages.ts';

/** Tags that stand in for referrers, written by cosign and by registries' clients: what they hold is shown below its image. */
const ATTACHMENT_TAG = /^sha(?:256-[0-9a-f]{64}|512-[0-9a-f]{64,128})(?:\.[a-z]+)?$/;

/** One part of a registry's list of its repositories. */
export async function listRepositories(
  client: RegistryClient,
  cursor: string | undefined,
  signal: AbortSignal,
): Promise<Page<string>> {
  return client.catalog({ last: cursor }, signal);
}

/**
 * The tags of a repository, newest version first. All of them are read before the first is shown, for registries list them by the alphabet, where the
 * newest may be the last.
 */
export async function listTags(
  client: RegistryClient,
  repository: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { sortTags } = await import('../../registry/sortTags.ts');
  const tags = await client.allTags(repository, signal);
  return sortTags(tags.filter(tag => !ATTACHMENT_TAG.test(tag)));
}
