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
  /**
   * Digest and media type of the document that the reference names: an index, or the image's own.
   */
  readonly digest: Digest;
  readonly mediaType: string;
  /** What the index says, or else the config. */
  readonly platform: Platform;
  readonly manifestDigest: Digest;
  readonly manifestBytes: Uint8Array;
  readonly manifest: ImageManifest | Schema1Manifest;
  readonly config: ImageConfig;
  /** The config blob; for schema 1, which has none, built from the history and without diff IDs. */
  readonly configBytes: Uint8Array;
  /** Base first. */
  readonly layers: readonly Layer[];
}
