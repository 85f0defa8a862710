import type { ResolvedImage } from '../oci/image.ts';
import { choosePlatform, platformsOf, PlatformNotFoundError, type PlatformEntry } from '../oci/choosePlatform.ts';
import { configFrom, isImageConfig, parseConfig, type ImageConfig } from '../oci/config.ts';
import type { Digest } from '../oci/digest.ts';
import { layersOf, type Layer } from '../oci/layer.ts';
import type { ImageManifest, Index } from '../oci/manifest.ts';
import { bareMediaType, DOCKER_INDEX, OCI_INDEX } from '../oci/mediaTypes.ts';
import { defaultPlatform, parsePlatform, platformDistance, type Platform } from '../oci/platform.ts';
import { formatReference, type Reference } from '../oci/reference.ts';
import { configOfSchema1, type Schema1Manifest } from '../oci/schema1.ts';
import type { ImageSource } from './imageSource.ts';
import { openReference, type Opened } from './openReference.ts';

/** What the reference names is no image but an artifact: a chart, a signature, a model, … */
export class NotAnImageError extends Error {
  readonly artifactType: string;
  constructor(reference: Reference, artifactType: string) {
    super(
      `${formatReference(reference)} is no image but an artifact (${artifactType}). Open its manifest to see its files.`,
    );
    this.name = 'NotAnImageError';
    this.artifactType = artifactType;
  }
}

/** Indexes that point to each other, or hang too deep. */
export class IndexTooDeepError extends Error {
  constructor(reference: Reference) {
    super(`${formatReference(reference)} is an index of indexes that never comes to an image.`);
    this.name = 'IndexTooDeepError';
  }
}

/** Nested indexes are legal (image-spec, image-index.md); nobody needs more than these. */
const MAX_DEPTH = 5;
const MAX_ENTRIES = 1000;
const INDEX_TYPES: ReadonlySet<string> = new Set([OCI_INDEX, DOCKER_INDEX]);

/** A config of more than this is an attack, not a config. */
export const MAX_CONFIG_BYTES = 8 << 20;

/**
 * Finds the image for a platform and reads its config and layers.
 * @param platform `os/architecture[/variant]`; absent = linux on this machine's architecture, or the only one that there is
 * @throws {PlatformNotFoundError} @throws {NotAnImageError} @throws {IndexTooDeepError} and what the client and the parsers throw
 */
export async function resolveImage(
  source: ImageSource,
  reference: Reference,
  platform: string | undefined,
  signal: AbortSignal,
): Promise<ResolvedImage> {
  const wanted = platform ? parsePlatform(platform) : defaultPlatform();
  const named = await openReference(source, reference, signal);
  const leaf = await descend(source, named, wanted, platform !== undefined, signal);
  return describe(source, named, leaf, platform ? wanted : undefined, signal);
}

async function descend(
  source: ImageSource,
  named: Opened,
  wanted: Platform,
  exact: boolean,
  signal: AbortSignal,
): Promise<Opened> {
  if (named.manifest.kind !== 'index') return named;
  const fetch = (digest: Digest) => openReference(source, { ...named.reference, digest }, signal);
  const entries = await flatten(
    named.manifest,
    async entry => {
      const nested = await fetch(entry.descriptor.digest);
      return nested.manifest.kind === 'index' ? nested.manifest : undefined;
    },
    named.reference,
  );
  return fetch(choosePlatform(entries, wanted, exact).descriptor.digest);
}

/** The images of an index and of the indexes in it, in order. */
async function flatten(
  index: Index,
  open: (entry: PlatformEntry) => Promise<Index | undefined>,
  reference: Reference,
  depth = 0,
): Promise<PlatformEntry[]> {
  if (depth === MAX_DEPTH) throw new IndexTooDeepError(reference);
  const entries: PlatformEntry[] = [];
  for (const entry of platformsOf(index)) {
    const nested = INDEX_TYPES.has(bareMediaType(entry.descriptor.mediaType)) ? await open(entry) : undefined;
    entries.push(...(nested ? await flatten(nested, open, reference, depth + 1) : [entry]));
    if (entries.length > MAX_ENTRIES) throw new IndexTooDeepError(reference);
  }
  return entries;
}

async function describe(
  source: ImageSource,
  named: Opened,
  leaf: Opened,
  wanted: Platform | undefined,
  signal: AbortSignal,
): Promise<ResolvedImage> {
  const { manifest } = leaf;
  if (manifest.kind === 'index') throw new IndexTooDeepError(named.reference);
  const { config, configBytes } = await configOf(source, named.reference, manifest, signal);
  // A single image has one platform; taking it silently for another one that was asked for would be a lie.
  if (wanted && platformDistance(wanted, config.platform) === undefined)
    throw new PlatformNotFoundError(wanted, [config.platform]);
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
  if (manifest.artifactType || !isImageConfig(manifest.config.mediaType)) {
    throw new NotAnImageError(reference, manifest.artifactType ?? manifest.config.mediaType);
  }
  const configBytes = await source.blobBytes(reference.repository, manifest.config, MAX_CONFIG_BYTES, signal);
  return { config: parseConfig(configBytes), configBytes };
}

/** Schema 1 tells no sizes; the registry does. One that does not answer leaves it unknown. */
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
