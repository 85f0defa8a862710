import { shortDigest } from '../oci/digest.ts';
import type { Layer } from '../oci/layer.ts';
import { bareMediaType } from '../oci/mediaTypes.ts';

/** The folder that a single layer is unpacked into by default. */
export function layerFolderName({ number, descriptor }: Layer): string {
  return `${number}-${shortDigest(descriptor.digest)}`;
}

/** The file that a single layer's blob is kept in by default, ended as its media type tells. Schema 1 has no type; its blobs are gzip. */
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
