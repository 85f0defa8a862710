import { Uri } from 'vscode';
import { shownPath } from '../../browse/tree/shownPath.ts';
import type { ResolvedImage } from '../../oci/image.ts';
import { formatPlatform } from '../../oci/platform.ts';
import { formatReference } from '../../oci/reference.ts';
import { authorityOf } from '../common/fileLocation.ts';
import { SCHEMES } from '../common/ids.ts';

/**
 * The Uri of a path in an image. It contains everything needed to find the file after a reload, and
 * names the image by digest, so it always means the same bytes.
 */
export function fileUri(image: ResolvedImage, path: string, layer?: number): Uri {
  const reference = formatReference({ ...image.reference, digest: image.manifestDigest });
  const parts = [reference, formatPlatform(image.platform), ...(layer === undefined ? [] : [String(layer)])];
  return Uri.from({ scheme: SCHEMES.files, authority: authorityOf(parts), path: `/${shownPath(path)}` });
}
