import { localPath } from '../../layout/localAddress.ts';
import type { ResolvedImage } from '../../oci/image.ts';
import { formatPlatform } from '../../oci/platform.ts';
import type { TreeLocation } from '../common/reveal.ts';
import type { ImageLookup } from '../registries/lookup.ts';
import type { Registries } from '../registries/registries.ts';

/**
 * Finds where the tree shows an image. A file's Uri names the image by digest; its row has the tag,
 * if the tag still means the same image.
 */
export async function locateInTree(
  image: ResolvedImage,
  { registries, lookup }: { readonly registries: Registries; readonly lookup: ImageLookup },
): Promise<TreeLocation> {
  const { registry, repository, tag } = image.reference;
  const path = localPath(registries.settingOf(registry).url);
  if (path !== undefined && !registries.pinnedElsewhere().includes(registry)) return { folder: path };
  const platform = formatPlatform(image.platform);
  const digest = image.manifestDigest;
  const tagged = tag === undefined ? undefined : { registry, repository, tag };
  const now = tagged && (await lookup.resolve(tagged, platform, new AbortController().signal).catch(() => undefined));
  return { reference: tagged && now?.manifestDigest === digest ? tagged : { registry, repository, digest }, platform };
}
