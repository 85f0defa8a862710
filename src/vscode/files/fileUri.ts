import { Uri } from 'vscode';
import { shownPath } from '../../browse/tree/shownPath.ts';
import type { ResolvedImage } from '../../oci/image.ts';
import { defaultPlatform, formatPlatform } from '../../oci/platform.ts';
import { formatReference } from '../../oci/reference.ts';
import { authorityOf } from '../common/fileLocation.ts';
import { SCHEMES } from '../common/ids.ts';

/**
 * The Uri of a path in an image. It contains everything needed to find the file after a reload, and
 * names the image by digest, so it always means the same bytes. Editors show the image's short name
 * before the path (`hello:2.0.0/app/README.md`), so that files of two images can be told apart.
 */
export function fileUri(image: ResolvedImage, path: string, layer?: number): Uri {
  const reference = formatReference({ ...image.reference, digest: image.manifestDigest });
  const parts = [reference, formatPlatform(image.platform), ...(layer === undefined ? [] : [String(layer)])];
  const authority = authorityOf(parts, shownName(image, layer));
  return Uri.from({ scheme: SCHEMES.files, authority, path: `/${shownPath(path)}` });
}

/** `hello:2.0.0`; the platform and the layer follow where they aren't the usual ones. */
function shownName({ reference, manifestDigest, platform }: ResolvedImage, layer: number | undefined): string {
  const { repository, tag = manifestDigest.replace(/^.*:/, '').slice(0, 12) } = reference;
  const name = `${repository.slice(repository.lastIndexOf('/') + 1)}:${tag}`;
  const usual = formatPlatform(platform) === formatPlatform(defaultPlatform());
  const notes = [
    ...(usual ? [] : [formatPlatform(platform).replace(/^linux\//, '')]),
    ...(layer === undefined ? [] : [`layer-${layer}`]),
  ];
  return [name, ...notes].join(',');
}
