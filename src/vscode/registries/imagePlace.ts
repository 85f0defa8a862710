import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import { formatReference, type Reference } from '../../oci/reference.ts';
import type { CommandArgument } from '../common/argument.ts';

/** One image of one platform in a registry, as far as a row must know it to ask for the rest. */
export interface ImagePlace {
  readonly reference: Reference;
  /** Absent where the reference names an image that has one platform only. */
  readonly platform?: string;
  /** What others are attached to: the digest of the image's own manifest, where it is known. */
  readonly digest?: Digest;
  /** Attestations that the index holds about this image. */
  readonly attestations: readonly Descriptor[];
}

/** The argument of every command on an image. */
export function argumentFor(place: ImagePlace): CommandArgument {
  const { reference, platform, digest } = place;
  return {
    reference: formatReference(reference),
    registry: reference.registry,
    repository: `${reference.registry}/${reference.repository}`,
    ...(platform ? { platform } : {}),
    ...(digest ? { digest } : {}),
  };
}
