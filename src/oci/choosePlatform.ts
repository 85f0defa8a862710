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

/** The index has no image for the platform that was asked for. */
export class PlatformNotFoundError extends Error {
  readonly wanted: Platform;
  readonly available: readonly Platform[];
  constructor(wanted: Platform, available: readonly Platform[]) {
    const list = available.map(formatPlatform).join(', ') || 'none';
    super(`The image has nothing for ${formatPlatform(wanted)}. It offers: ${list}. Choose one of these.`);
    this.name = 'PlatformNotFoundError';
    this.wanted = wanted;
    this.available = available;
  }
}

const REFERENCE_TYPE = 'vnd.docker.reference.type';
const REFERENCE_DIGEST = 'vnd.docker.reference.digest';

/** True for a manifest in an index that is no image but says something about one (BuildKit's attestations). */
export function isAttestation(descriptor: Descriptor): boolean {
  return descriptor.annotations?.[REFERENCE_TYPE] === 'attestation-manifest';
}

/** The platforms of an index in its order; attestations hang under their image. Entries of an unknown platform that are no attestation stay. */
export function platformsOf(index: Index): PlatformEntry[] {
  const attestations = index.manifests.filter(isAttestation);
  const about = (digest: Digest) => attestations.filter(item => item.annotations?.[REFERENCE_DIGEST] === digest);
  return index.manifests
    .filter(item => !isAttestation(item))
    .map(item => ({ platform: item.platform ?? UNKNOWN, descriptor: item, attestations: about(item.digest) }));
}

const UNKNOWN: Platform = { os: 'unknown', architecture: 'unknown' };

/**
 * The entry that serves a platform best: exact, else the newest older variant, else (when `exact` is not asked for) the only image there is.
 * @throws {PlatformNotFoundError}
 */
export function choosePlatform(entries: readonly PlatformEntry[], wanted: Platform, exact: boolean): PlatformEntry {
  const ranked = entries
    .map(entry => ({ entry, distance: platformDistance(wanted, entry.platform) }))
    .filter((item): item is { entry: PlatformEntry; distance: number } => item.distance !== undefined)
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0]?.entry;
  if (best) return best;
  const [only] = entries;
  if (!exact && only && entries.length === 1) return only;
  throw new PlatformNotFoundError(
    wanted,
    entries.map(entry => entry.platform),
  );
}
