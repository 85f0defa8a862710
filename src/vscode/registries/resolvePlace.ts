import { PlatformNotFoundError } from '../../oci/choosePlatform.ts';
import { formatPlatform } from '../../oci/platform.ts';
import type { ResolvedImage } from '../../oci/image.ts';
import type { ImageLookup } from './lookup.ts';
import type { ImagePlace } from './imagePlace.ts';

/** The image at a place. One that has a single platform is shown whatever platform the settings ask for: browsing chooses nothing. */
export async function resolvePlace(
  lookup: ImageLookup,
  place: ImagePlace,
  signal: AbortSignal,
): Promise<ResolvedImage> {
  try {
    return await lookup.resolve(place.reference, place.platform, signal);
  } catch (error) {
    if (place.platform || !(error instanceof PlatformNotFoundError)) throw error;
    const [only, ...others] = error.available;
    if (!only || others.length > 0) throw error;
    return lookup.resolve(place.reference, formatPlatform(only), signal);
  }
}
