import type { Digest } from './digest.ts';
import type { Platform } from './platform.ts';

/** A pointer to content in a registry (image-spec, descriptor.md). */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes; -1 if the document doesn't say. */
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Addresses of a foreign layer, asked without credentials. */
  readonly urls?: readonly string[];
  /** The content itself in base64, if it is small. */
  readonly data?: string;
  readonly platform?: Platform;
  readonly artifactType?: string;
}
