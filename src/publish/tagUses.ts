import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { parseManifest } from '../oci/manifest.ts';
import { formatPlatform } from '../oci/platform.ts';
import type { RegistryClient } from '../registry/api/client.ts';
import { NotFoundError } from '../registry/errors.ts';
import { inParallel } from './inParallel.ts';
import type { PublishTarget } from './target.ts';

/** A registry's own lists, not those of its mirrors. */
export type TagLists = Pick<RegistryClient, 'allTags' | 'referrers'>;

/** A tagged index that contains an image. */
export interface ContainingIndex {
  readonly digest: Digest;
  readonly tags: readonly string[];
  /** Which part of the index the image is. */
  readonly platform: string;
}

/** What else depends on the image that a tag points to. */
export interface TagUses {
  readonly digest: Digest;
  /** The other tags of the same image. */
  readonly otherTags: readonly string[];
  readonly indexes: readonly ContainingIndex[];
  /** What is attached to the image: signatures, SBOMs, … */
  readonly referrers: readonly Descriptor[];
}

const AT_ONCE = 8;

/**
 * Finds out what deleting a tag could affect. Asks for every tag of the repository.
 * @throws {NotFoundError} the tag doesn't exist
 */
export async function findTagUses(
  { writer, repository }: PublishTarget,
  lists: TagLists,
  tag: string,
  signal: AbortSignal,
): Promise<TagUses> {
  const digest = await writer.digestOf(repository, tag, signal);
  if (digest === undefined) throw new NotFoundError('manifest', tag, { registry: writer.registry, repository });
  const tagsOf = new Map<Digest, string[]>();
  const names = [...new Set(await lists.allTags(repository, signal))];
  await inParallel(names, AT_ONCE, signal, async (name, both) => {
    const found = await writer.digestOf(repository, name, both);
    if (found !== undefined) tagsOf.set(found, [...(tagsOf.get(found) ?? []), name]);
  });
  const indexes: ContainingIndex[] = [];
  await inParallel([...tagsOf.keys()], AT_ONCE, signal, async (other, both) => {
    const part = other === digest ? undefined : await partOf({ writer, repository }, other, digest, both);
    if (part) indexes.push({ digest: other, tags: (tagsOf.get(other) ?? []).toSorted(), platform: platformOf(part) });
  });
  return {
    digest,
    otherTags: (tagsOf.get(digest) ?? []).filter(name => name !== tag).toSorted(),
    indexes: indexes.toSorted((one, other) => (one.tags[0] ?? '').localeCompare(other.tags[0] ?? '')),
    referrers: await lists.referrers(repository, digest, undefined, signal),
  };
}

/** Returns the entry for a manifest in an index; undefined if it isn't there or no index. */
async function partOf(
  { writer, repository }: PublishTarget,
  index: Digest,
  part: Digest,
  signal: AbortSignal,
): Promise<Descriptor | undefined> {
  const found = await writer.manifest(repository, index, signal);
  const manifest = found && parseManifest(found.bytes, found.mediaType);
  return manifest?.kind === 'index' ? manifest.manifests.find(({ digest }) => digest === part) : undefined;
}

function platformOf({ platform, artifactType, mediaType }: Descriptor): string {
  return platform ? formatPlatform(platform) : (artifactType ?? mediaType);
}
