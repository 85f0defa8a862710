import { PlatformNotFoundError } from '../../oci/choosePlatform.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import type { ResolvedImage } from '../../oci/image.ts';
import { formatPlatform } from '../../oci/platform.ts';
import { formatReference, type Reference } from '../../oci/reference.ts';
import type { CommandArgument } from '../common/argument.ts';
import type { ImageLookup } from './lookup.ts';

/** One image for one platform in a registry: what a row must know to load the rest. */
export interface ImageAddress {
  readonly reference: Reference;
  /** Absent if the reference names an image with a single platform. */
  readonly platform?: string;
  /** The digest of the image's own manifest, if known; other artifacts are attached to it. */
  readonly digest?: Digest;
  /** Attestations about this image in the index. */
  readonly attestations: readonly Descriptor[];
}

/** Returns the argument of every command on an image. */
export function argumentFor(address: ImageAddress): CommandArgument {
  const { reference, platform, digest } = address;
  return {
    reference: formatReference(reference),
    registry: reference.registry,
    repository: `${reference.registry}/${reference.repository}`,
    ...(platform ? { platform } : {}),
    ...(digest ? { digest } : {}),
  };
}

/**
 * Resolves an image for browsing. If it has a single platform, that one is used even if the
 * settings ask for another.
 */
export async function resolveAddress(
  lookup: ImageLookup,
  address: ImageAddress,
  signal: AbortSignal,
): Promise<ResolvedImage> {
  try {
    return await lookup.resolve(address.reference, address.platform, signal);
  } catch (error) {
    if (address.platform || !(error instanceof PlatformNotFoundError)) throw error;
    const [only, ...others] = error.available;
    if (!only || others.length > 0) throw error;
    return lookup.resolve(address.reference, formatPlatform(only), signal);
  }
}
