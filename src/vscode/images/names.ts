import type { Descriptor } from '../../oci/descriptor.ts';
import { digestHex, shortDigest } from '../../oci/digest.ts';
import type { Layer } from '../../oci/layer.ts';
import { bareMediaType } from '../../oci/mediaTypes.ts';
import type { Reference } from '../../oci/reference.ts';
import { plainText } from '../common/text.ts';

/**
 * Names the default folder for pulling an image: the repository's last part, then the tag or,
 * without one, the digest's first digits.
 */
export function defaultFolderName(reference: Reference): string {
  const last = reference.repository.slice(reference.repository.lastIndexOf('/') + 1);
  const version = reference.tag ?? (reference.digest ? digestHex(reference.digest).slice(0, 12) : 'latest');
  // Windows drops trailing dots.
  return `${last}-${version}`.replace(/\.+$/, '');
}

/** Returns the first of `name-2`, `name-3`… that is free. */
export function freeName(name: string, taken: (name: string) => boolean): string {
  for (let number = 2; ; number++) {
    const candidate = `${name}-${number}`;
    if (!taken(candidate)) return candidate;
  }
}

/** Names the default folder for unpacking a single layer. */
export function layerFolderName({ number, descriptor }: Layer): string {
  return `${number}-${shortDigest(descriptor.digest)}`;
}

/**
 * Names the default file for a single layer's blob, with the extension of its media type. Schema 1
 * has no media types; its blobs are gzip.
 */
export function layerFileName(layer: Layer): string {
  const type = bareMediaType(layer.descriptor.mediaType);
  const ending = /[+.]zstd$/.test(type)
    ? '.tar.zst'
    : /[+.]gzip$/.test(type) || type === ''
      ? '.tar.gz'
      : type.endsWith('.tar')
        ? '.tar'
        : '.blob';
  return layerFolderName(layer) + ending;
}

/** The name of an artifact's file as its publisher wrote it (image-spec, annotations.md). */
export function titleOf({ annotations }: Descriptor): string | undefined {
  return annotations?.['org.opencontainers.image.title'];
}

/**
 * Names the default file for a file of an artifact: its title as a single name that is valid on
 * every system, or a layer's name without one.
 */
export function artifactFileName(layer: Layer): string {
  const name = shortened(
    plainText(titleOf(layer.descriptor) ?? '', 1000)
      .replace(/[/\\<>:"|?*]+/g, '-')
      // Windows doesn't allow these at the end of a name, and `..` isn't a name.
      .replace(/[. ]+$/, ''),
  );
  if (name === '') return layerFileName(layer);
  return /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i.test(name) ? `_${name}` : name;
}

/** At most 60 characters, which is less than 255 bytes in any script; keeps the extension. */
function shortened(name: string): string {
  const characters = Array.from(name);
  if (characters.length <= 60) return name;
  const ending = /\.[\w.]{1,12}$/.exec(name)?.[0] ?? '';
  return `${characters.slice(0, 60 - ending.length).join('')}${ending}`;
}
