import { platformsOf, type PlatformEntry } from '../oci/choosePlatform.ts';
import type { Index } from '../oci/manifest.ts';
import type { ImageSource } from './imageSource.ts';

/**
 * Returns the entries whose manifests the source has: an archive may hold one platform's image
 * under the whole index. Returns all if it has none, so that opening one says what is missing.
 */
export async function presentPlatforms(
  source: Pick<ImageSource, 'hasManifest'>,
  repository: string,
  entries: readonly PlatformEntry[],
): Promise<readonly PlatformEntry[]> {
  const has = await Promise.all(
    entries.map(async ({ descriptor }) => source.hasManifest?.(repository, descriptor.digest)),
  );
  const present = entries.filter((_, at) => has[at] !== false);
  return present.length > 0 ? present : entries;
}

/** Does the same for the platforms of an index. */
export function presentPlatformsOf(
  source: Pick<ImageSource, 'hasManifest'>,
  repository: string,
  index: Index,
): Promise<readonly PlatformEntry[]> {
  return presentPlatforms(source, repository, platformsOf(index));
}
