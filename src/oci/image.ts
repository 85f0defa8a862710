import type { Layer } from './layer.ts';
import type { ImageConfig } from './config.ts';
import type { Schema1Manifest } from './schema1.ts';
import type { ImageManifest } from './manifest.ts';
import type { Platform } from './platform.ts';
import type { Digest } from './digest.ts';
import type { Reference } from './reference.ts';
/** One image of one platform: everything but the bytes of its layers. */
export interface ResolvedImage {
  readonly reference: Reference;
  /** Digest and media type of the document that the reference names: an index, or the image itself. */
  readonly digest: Digest;
  readonly mediaType: string;
  readonly platform: Platform;
  readonly manifestDigest: Digest;
  readonly manifestBytes: Uint8Array;
  readonly manifest: ImageManifest | Schema1Manifest;
  readonly config: ImageConfig;
  /** The config blob as it is in the registry; for schema 1 the one that was built from its history, without diff IDs. */
  readonly configBytes: Uint8Array;
  /** Base first. */
  readonly layers: readonly Layer[];
}
