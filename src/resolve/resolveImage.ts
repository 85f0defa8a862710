import type { ResolvedImage } from '../oci/image.ts';
import {
  choosePlatform,
  hasPlatform,
  platformsOf,
  PlatformNotFoundError,
  type PlatformEntry,
} from '../oci/choosePlatform.ts';
import { configFrom, isImage, parseConfig, type ImageConfig } from '../oci/config.ts';
import type { Digest } from '../oci/digest.ts';
import { layersOf, type Layer } from '../oci/layer.ts';
import type { ImageManifest, Index } from '../oci/manifest.ts';
import { bareMediaType, DOCKER_INDEX, OCI_INDEX } from '../oci/mediaTypes.ts';
import { defaultPlatform, parsePlatform, platformDistance, type Platform } from '../oci/platform.ts';
import { formatReference, type Reference } from '../oci/reference.ts';
import { configOfSchema1, type Schema1Manifest } from '../oci/schema1.ts';
import type { ImageSource } from './imageSource.ts';
import { openReference, type Opened } from './openReference.ts';
import { presentPlatforms } from './presentPlatforms.ts';

/** The reference names an artifact: a chart, a signature, a model, … */
export class NotAnImageError extends Error {
  readonly artifactType: string;
  constructor(reference: Reference, artifactType: string) {
    super(
      `${formatReference(reference)} is an artifact (${artifactType}), not an image. Open its manifest to see its files.`,
    );
    this.name = 'NotAnImageError';
    this.artifactType = artifactType;
  }
}

/** The reference names an index of indexes that go too deep, or are too many. */
export class IndexTooDeepError extends Error {
  constructor(reference: Reference) {
    super(`${formatReference(reference)} is an index of too many indexes. Name one of its images by digest.`);
    this.name = 'IndexTooDeepError';
  }
}

/** Nested indexes are legal (image-spec, image-index.md). Each nested one costs a request. */
const MAX_DEPTH = 5;
const MAX_INDEXES = 100;
const INDEX_TYPES: ReadonlySet<string> = new Set([OCI_INDEX, DOCKER_INDEX]);

/** Entries without a platform whose configs are read to learn it. */
const MAX_PROBES = 20;

/** Bytes; a longer config is an attack, not a config. */
export const MAX_CONFIG_BYTES = 8 << 20;

/**
 * Finds the image for a platform and reads its config and layers.
 * @param platform as `parsePlatform` reads it; absent = Linux on this machine's architecture, or
 * the only image that there is
 * @throws {PlatformNotFoundError} @throws {NotAnImageError} @throws {IndexTooDeepError} and what
 * the source and the parsers throw
 */
export async function resolveImage(
  source: ImageSource,
  reference: Reference,
  platform: string | undefined,
  signal: AbortSignal,
): Promise<ResolvedImage> {
  return resolveOpened(source, await openReference(source, reference, signal), platform, signal);
}

/** Does the same from the document that a reference names. */
export async function resolveOpened(
  source: ImageSource,
  named: Opened,
  platform: string | undefined,
  signal: AbortSignal,
): Promise<ResolvedImage> {
  const { reference } = named;
  const wanted = platform ? parsePlatform(platform) : undefined;
  if (named.manifest.kind === 'index') {
    const { leaf, entry } = await new IndexSearch(source, named, signal).find(named.manifest, wanted);
    const image = await describe(source, named, leaf, signal);
    return hasPlatform(entry) ? { ...image, platform: completed(image.platform, entry.platform) } : image;
  }
  const image = await describe(source, named, named, signal);
  // Taking a single image silently for another platform than the wanted one would be wrong.
  // One named by digest was found in an index, which may say more about it.
  const offered = wanted && reference.digest ? completed(image.platform, wanted) : image.platform;
  if (wanted && platformDistance(wanted, offered) === undefined)
    throw new PlatformNotFoundError(wanted, [image.platform]);
  return image;
}

/**
 * Returns a config's platform, with what it lacks from an index, so that either finds the image
 * again.
 */
function completed(config: Platform, index: Platform): Platform {
  if (config.architecture === 'unknown') return index;
  const sameMachine = config.os === index.os && config.architecture === index.architecture;
  return sameMachine ? { ...index, ...config } : config;
}

interface FoundImage {
  readonly leaf: Opened;
  readonly entry: PlatformEntry;
}

/** The search for one platform's image in an index and the indexes in it. */
class IndexSearch {
  readonly #source: ImageSource;
  readonly #named: Opened;
  readonly #signal: AbortSignal;
  readonly #seen = new Set<Digest>();
  /** The first entry that couldn't be read. It matters only if nothing else serves. */
  #failure: Error | undefined;

  constructor(source: ImageSource, named: Opened, signal: AbortSignal) {
    this.#source = source;
    this.#named = named;
    this.#signal = signal;
  }

  /** @throws {PlatformNotFoundError} or what kept an entry from being read */
  async find(index: Index, platform: Platform | undefined): Promise<FoundImage> {
    const { repository } = this.#named.reference;
    const entries = await presentPlatforms(this.#source, repository, await this.#flatten(index, 0));
    const wanted = platform ?? defaultPlatform();
    const known = entries.filter(hasPlatform);
    const chosen = choosePlatform(known, wanted);
    if (chosen) return { leaf: await this.#open(chosen.descriptor.digest), entry: chosen };
    const [only] = entries;
    if (!platform && only && entries.length === 1) {
      return { leaf: await this.#open(only.descriptor.digest), entry: only };
    }
    const available = known.map(entry => entry.platform);
    for (const entry of entries.filter(each => !hasPlatform(each)).slice(0, MAX_PROBES)) {
      const found = await this.#tolerating(() => this.#probe(entry));
      if (!found) continue;
      if (platformDistance(wanted, found.platform) !== undefined) return { leaf: found.leaf, entry };
      available.push(found.platform);
    }
    throw (available.length === 0 && this.#failure) || new PlatformNotFoundError(wanted, available);
  }

  /** Returns the images of an index and of the indexes in it, in order. */
  async #flatten(index: Index, depth: number): Promise<PlatformEntry[]> {
    if (depth === MAX_DEPTH || this.#seen.size > MAX_INDEXES) throw new IndexTooDeepError(this.#named.reference);
    this.#failure ??= index.unusable;
    const entries: PlatformEntry[][] = [];
    for (const entry of platformsOf(index)) {
      const { digest, mediaType } = entry.descriptor;
      if (!INDEX_TYPES.has(bareMediaType(mediaType))) {
        entries.push([entry]);
        continue;
      }
      if (this.#seen.has(digest)) continue;
      this.#seen.add(digest);
      const nested = await this.#tolerating(() => this.#open(digest));
      if (nested?.manifest.kind === 'index') entries.push(await this.#flatten(nested.manifest, depth + 1));
      else if (nested) entries.push([entry]);
    }
    return entries.flat();
  }

  /** Learns an entry's platform from its config; undefined if it isn't an image. */
  async #probe(entry: PlatformEntry): Promise<{ leaf: Opened; platform: Platform } | undefined> {
    const leaf = await this.#open(entry.descriptor.digest);
    const { manifest } = leaf;
    if (manifest.kind === 'index' || (manifest.kind === 'image' && !isImage(manifest))) return undefined;
    const { config } = await configOf(this.#source, this.#named.reference, manifest, this.#signal);
    return { leaf, platform: config.platform };
  }

  #open(digest: Digest): Promise<Opened> {
    return openReference(this.#source, { ...this.#named.reference, digest }, this.#signal);
  }

  /** Lets one entry fail without spoiling the others. */
  async #tolerating<T>(read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      this.#signal.throwIfAborted();
      this.#failure ??= error instanceof Error ? error : new Error(String(error));
      return undefined;
    }
  }
}

async function describe(source: ImageSource, named: Opened, leaf: Opened, signal: AbortSignal): Promise<ResolvedImage> {
  const { manifest } = leaf;
  if (manifest.kind === 'index') throw new IndexTooDeepError(named.reference);
  const { config, configBytes } = await configOf(source, named.reference, manifest, signal);
  return {
    reference: named.reference,
    digest: named.digest,
    mediaType: named.mediaType,
    platform: config.platform,
    manifestDigest: leaf.digest,
    manifestBytes: leaf.bytes,
    manifest,
    config,
    configBytes,
    layers: await withSizes(source, named.reference, layersOf(manifest, config), signal),
  };
}

async function configOf(
  source: ImageSource,
  reference: Reference,
  manifest: ImageManifest | Schema1Manifest,
  signal: AbortSignal,
): Promise<{ config: ImageConfig; configBytes: Uint8Array }> {
  if (manifest.kind === 'schema1') {
    const json = configOfSchema1(manifest);
    return { config: configFrom(json), configBytes: Buffer.from(JSON.stringify(json)) };
  }
  if (!isImage(manifest)) {
    throw new NotAnImageError(reference, manifest.artifactType ?? manifest.config.mediaType);
  }
  const configBytes = await source.blobBytes(reference.repository, manifest.config, MAX_CONFIG_BYTES, signal);
  return { config: parseConfig(configBytes), configBytes };
}

/** Asks for the sizes that schema 1 doesn't state. One that the source doesn't know stays -1. */
async function withSizes(
  source: ImageSource,
  reference: Reference,
  layers: readonly Layer[],
  signal: AbortSignal,
): Promise<Layer[]> {
  return await Promise.all(
    layers.map(async layer => {
      if (layer.descriptor.size >= 0) return layer;
      const size = await source.blobSize(reference.repository, layer.descriptor.digest, signal).catch(() => -1);
      signal.throwIfAborted();
      return { ...layer, descriptor: { ...layer.descriptor, size } };
    }),
  );
}
