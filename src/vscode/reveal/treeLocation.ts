import { localPath } from '../../layout/localAddress.ts';
import { formatPlatform } from '../../oci/platform.ts';
import type { Reference } from '../../oci/reference.ts';
import type { ResolvedImage } from '../../oci/image.ts';
import type { Services } from '../features.ts';

/** Where the trees show an image: in the Registries view, or, a pulled one, in the Images view. */
export type ShownImage = { readonly reference: Reference; readonly platform: string } | { readonly folder: string };

/** The rows of the trees that stand for an image. A file that was opened from it names it by its digest; its row has the tag, as long as that means the same image. */
export async function shownAs(image: ResolvedImage, { registries, lookup }: Services): Promise<ShownImage> {
  const { registry, repository, tag } = image.reference;
  const path = localPath(registries.settingOf(registry).url);
  if (path !== undefined && !registries.pinnedElsewhere().includes(registry)) return { folder: path };
  const platform = formatPlatform(image.platform);
  const digest = image.manifestDigest;
  const tagged = tag === undefined ? undefined : { registry, repository, tag };
  const now = tagged && (await lookup.resolve(tagged, platform, new AbortController().signal).catch(() => undefined));
  return { reference: tagged && now?.manifestDigest === digest ? tagged : { registry, repository, digest }, platform };
}
