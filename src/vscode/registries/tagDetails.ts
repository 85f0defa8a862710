import type { BlobStore } from '../../blobs/store.ts';
import type { Digest } from '../../oci/digest.ts';
import { DOCKER_HUB } from '../../oci/reference.ts';
import { NotFoundError, RateLimitedError } from '../../registry/errors.ts';
import { realDate, type TagDetail } from '../../registry/vendors/tagDetail.ts';
import { CachedDocuments } from '../../resolve/cachedDocuments.ts';
import { describeManifest, digestOfTag, type TagSource } from '../../resolve/tagDetails.ts';
import type { Registries } from './registries.ts';

/** A tag with what is known of the image that it points to. */
export interface DetailedTag extends TagDetail {
  /** Other tags that point to the same image. */
  readonly aliases: readonly string[];
}

/** Requests at once; registries are asked politely. */
const AT_ONCE = 4;

/**
 * Lists the tags of a repository with digests, sizes and dates: from the registry's own list where
 * it has one, else by asking for each tag. A registry that limits its rate is asked no further, and
 * the remaining tags stay without details. Docker Hub counts every manifest as a pull, so there
 * only its own list and HEAD are used.
 * @param platform whose size is shown of images for several platforms
 * @throws what listing the tags throws
 */
export async function readTagDetails(
  registry: string,
  registries: Pick<Registries, 'clientFor' | 'listsOf'>,
  store: BlobStore,
  repository: string,
  platform: string | undefined,
  signal: AbortSignal,
): Promise<readonly DetailedTag[]> {
  const [client, lists] = await Promise.all([registries.clientFor(registry), registries.listsOf(registry)]);
  const cached = new CachedDocuments(client, store);
  const source: TagSource = {
    head: (...question) => client.head(...question),
    manifest: (...question) => cached.manifest(...question),
    blobBytes: (...question) => cached.blobBytes(...question),
  };
  const listed: readonly TagDetail[] =
    (await lists?.tags(repository, signal)) ?? (await client.allTags(repository, signal)).map(tag => ({ tag }));
  const named = await untilLimited(listed, async detail =>
    detail.digest === undefined
      ? { ...detail, digest: await digestOfTag(source, repository, detail.tag, signal) }
      : detail,
  );
  const unknown = named.filter(
    ({ size, pushed, created }) => size === undefined && pushed === undefined && created === undefined,
  );
  const digests = registry === DOCKER_HUB ? [] : [...new Set(unknown.flatMap(({ digest }) => digest ?? []))];
  const described = new Map<Digest, Partial<TagDetail>>();
  await untilLimited(digests, async digest => {
    const { size, created } = await describeManifest(source, repository, digest, platform, signal);
    const date = realDate(created);
    described.set(digest, {
      ...(size === undefined ? {} : { size }),
      ...(date === undefined ? {} : { created: date }),
    });
    return digest;
  });
  return withAliases(named.map(detail => ({ ...(detail.digest && described.get(detail.digest)), ...detail })));
}

function withAliases(details: readonly TagDetail[]): readonly DetailedTag[] {
  const tagsOf = new Map<Digest, string[]>();
  for (const { tag, digest } of details) {
    if (digest) tagsOf.set(digest, [...(tagsOf.get(digest) ?? []), tag]);
  }
  return details.map(detail => {
    const same = detail.digest === undefined ? [] : (tagsOf.get(detail.digest) ?? []);
    return { ...detail, aliases: same.filter(tag => tag !== detail.tag) };
  });
}

/**
 * Works on items, a few at a time, in order; once the registry limits its rate, the rest stay as
 * they are. A tag that was deleted meanwhile stays, too.
 */
async function untilLimited<Item>(items: readonly Item[], work: (item: Item) => Promise<Item>): Promise<Item[]> {
  const done = [...items];
  let next = 0;
  let limited = false;
  const worker = async (): Promise<void> => {
    while (next < items.length && !limited) {
      const at = next++;
      const item = items[at];
      if (item === undefined) continue;
      try {
        done[at] = await work(item);
      } catch (error) {
        if (error instanceof RateLimitedError) limited = true;
        else if (!(error instanceof NotFoundError)) throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return done;
}
