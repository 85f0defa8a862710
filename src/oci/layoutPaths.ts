import { digestAlgorithm, digestHex, type Digest } from './digest.ts';

/** The content of a layout's `oci-layout` file (image-spec, image-layout.md). */
export const LAYOUT_MARKER = '{"imageLayoutVersion":"1.0.0"}';

/** A blob's path in a layout. A parsed digest's parts are safe as names. */
export function layoutBlob(digest: Digest): string {
  return `blobs/${digestAlgorithm(digest)}/${digestHex(digest)}`;
}
