import { choosePlatform, platformsOf } from '../oci/choosePlatform.ts';
import { configFrom } from '../oci/config.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { parseJsonObject } from '../oci/json.ts';
import { InvalidManifestError, parseManifest, type ImageManifest } from '../oci/manifest.ts';
import { defaultPlatform, parsePlatform } from '../oci/platform.ts';

/** What reading tags one by one takes. */
export interface TagSource {
  /** Asks for a tag's digest only; undefined if the registry doesn't say. */
  head(repository: string, tag: string, signal: AbortSignal): Promise<Digest | undefined>;
  manifest(
    repository: string,
    version: string,
    signal: AbortSignal,
  ): Promise<{ readonly bytes: Uint8Array; readonly mediaType: string; readonly digest: Digest }>;
  blobBytes(repository: string, blob: Descriptor, limit: number, signal: AbortSignal): Promise<Uint8Array>;
}

/** A tag as far as its documents describe it. */
export interface DescribedTag {
  readonly digest: Digest;
  /** Compressed bytes of the layers and the config, for an index those of one platform. */
  readonly size?: number;
  /** As the documents say, which may be no real date. */
  readonly created?: string;
}

const LONGEST_CONFIG = 8 << 20;
const CREATED = 'org.opencontainers.image.created';

/** Returns the digest that a tag points to, by HEAD where the registry answers it fully. */
export async function digestOfTag(
  source: TagSource,
  repository: string,
  tag: string,
  signal: AbortSignal,
): Promise<Digest> {
  return (await source.head(repository, tag, signal)) ?? (await source.manifest(repository, tag, signal)).digest;
}

/**
 * Reads the size and the build date of a manifest: of an index, for one platform.
 * @param platform like `linux/arm64`; absent = the default
 * @throws what the source throws
 */
export async function describeManifest(
  source: TagSource,
  repository: string,
  digest: Digest,
  platform: string | undefined,
  signal: AbortSignal,
): Promise<DescribedTag> {
  const { image, created } = await imageOf(source, repository, digest, platform, signal);
  if (!image) return { digest, ...(created === undefined ? {} : { created }) };
  const size = [image.config, ...image.layers].reduce((sum, item) => sum + Math.max(0, item.size), 0);
  const built = created ?? image.annotations[CREATED] ?? (await builtAt(source, repository, image.config, signal));
  return { digest, ...(size > 0 ? { size } : {}), ...(built === undefined ? {} : { created: built }) };
}

async function imageOf(
  source: TagSource,
  repository: string,
  digest: Digest,
  platform: string | undefined,
  signal: AbortSignal,
): Promise<{ readonly image?: ImageManifest; readonly created?: string }> {
  try {
    const { bytes, mediaType } = await source.manifest(repository, digest, signal);
    const manifest = parseManifest(bytes, mediaType);
    if (manifest.kind === 'image') return { image: manifest };
    if (manifest.kind !== 'index') return {};
    const entries = platformsOf(manifest);
    const wanted = platform === undefined ? defaultPlatform() : parsePlatform(platform);
    const entry = choosePlatform(entries, wanted) ?? entries[0];
    const created = manifest.annotations[CREATED];
    const dated = created === undefined ? {} : { created };
    if (!entry) return dated;
    const child = await source.manifest(repository, entry.descriptor.digest, signal);
    const image = parseManifest(child.bytes, child.mediaType);
    return image.kind === 'image' ? { image, ...dated } : dated;
  } catch (error) {
    if (error instanceof InvalidManifestError) return {};
    throw error;
  }
}

async function builtAt(
  source: TagSource,
  repository: string,
  config: Descriptor,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (!/image/.test(config.mediaType) || config.size > LONGEST_CONFIG) return undefined;
  const json = parseJsonObject(
    new TextDecoder().decode(await source.blobBytes(repository, config, LONGEST_CONFIG, signal)),
  );
  return json && configFrom(json).created;
}
