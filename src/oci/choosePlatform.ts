import type { Descriptor } from './descriptor.ts';
import type { Digest } from './digest.ts';
import type { Index } from './manifest.ts';
import { formatPlatform, platformDistance, type Platform } from './platform.ts';

/** One platform that an index offers, with what was attested about it. */
export interface PlatformEntry {
  readonly platform: Platform;
  readonly descriptor: Descriptor;
  /** Attestation manifests (SBOM, provenance) that refer to this one. */
  readonly attestations: readonly Descriptor[];
}

/** Platforms that a message names before it only counts them. */
const MOST_NAMED = 20;

/** The image doesn't exist for the wanted platform. */
export class PlatformNotFoundError extends Error {
  readonly wanted: Platform;
  readonly available: readonly Platform[];
  constructor(wanted: Platform, available: readonly Platform[]) {
    const names = [...new Set(available.map(formatPlatform))];
    const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : '';
    const advice =
      names.length === 0
        ? 'It names no platforms.'
        : `Choose one of its platforms: ${names.slice(0, MOST_NAMED).join(', ')}${more}.`;
    super(`The image has nothing for ${formatPlatform(wanted)}. ${advice}`);
    this.name = 'PlatformNotFoundError';
    this.wanted = wanted;
    this.available = available;
  }
}

const REFERENCE_TYPE = 'vnd.docker.reference.type';
const REFERENCE_DIGEST = 'vnd.docker.reference.digest';

function isAttestation(descriptor: Descriptor): boolean {
  return descriptor.annotations?.[REFERENCE_TYPE] === 'attestation-manifest';
}

/**
 * Returns the platforms of an index in its order. BuildKit's attestations go with their image;
 * other entries of an unknown platform stay.
 */
export function platformsOf(index: Index): PlatformEntry[] {
  const attestations = new Map<string, Descriptor[]>();
  for (const item of index.manifests.filter(isAttestation)) {
    const about = item.annotations?.[REFERENCE_DIGEST] ?? '';
    attestations.set(about, [...(attestations.get(about) ?? []), item]);
  }
  const about = (digest: Digest): readonly Descriptor[] => attestations.get(digest) ?? [];
  return index.manifests
    .filter(item => !isAttestation(item))
    .map(item => ({ platform: item.platform ?? UNKNOWN, descriptor: item, attestations: about(item.digest) }));
}

const UNKNOWN: Platform = { os: 'unknown', architecture: 'unknown' };

/** Returns whether an index says which platform an entry is for. */
export function hasPlatform({ platform }: PlatformEntry): boolean {
  return platform.os !== UNKNOWN.os || platform.architecture !== UNKNOWN.architecture;
}

/** Returns the entry that serves a platform best: an exact match, else the newest older variant. */
export function choosePlatform(entries: readonly PlatformEntry[], wanted: Platform): PlatformEntry | undefined {
  let best: { readonly entry: PlatformEntry; readonly distance: number } | undefined;
  for (const entry of entries) {
    const distance = platformDistance(wanted, entry.platform);
    if (distance !== undefined && (best === undefined || distance < best.distance)) best = { entry, distance };
  }
  return best?.entry;
}
