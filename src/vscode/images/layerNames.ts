import type { Descriptor } from '../../oci/descriptor.ts';
import { shortDigest } from '../../oci/digest.ts';
import type { Layer } from '../../oci/layer.ts';
import { bareMediaType } from '../../oci/mediaTypes.ts';
import { plainText } from '../common/text.ts';

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

/** The name of a file of an artifact, as whoever pushed it wrote it (image-spec, annotations.md). */
export function titleOf({ annotations }: Descriptor): string | undefined {
  return annotations?.['org.opencontainers.image.title'];
}

/** The file that a file of an artifact is kept in: its title made fit to be a name on every system and nothing else, or what a layer's is where it has none. */
export function artifactFileName(layer: Layer): string {
  const name = shortened(
    plainText(titleOf(layer.descriptor) ?? '', 1000)
      .replace(/[/\\<>:"|?*]+/g, '-')
      // Windows knows no name that ends with one of these; and `..` is no name.
      .replace(/[. ]+$/, ''),
  );
  if (name === '') return layerFileName(layer);
  return /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i.test(name) ? `_${name}` : name;
}

/** At most sixty characters, which are less than 255 bytes in any writing; the ending stays. */
function shortened(name: string): string {
  const characters = Array.from(name);
  if (characters.length <= 60) return name;
  const ending = /\.[\w.]{1,12}$/.exec(name)?.[0] ?? '';
  return `${characters.slice(0, 60 - ending.length).join('')}${ending}`;
}
