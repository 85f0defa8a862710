import type { Digest } from './digest.ts';
import type { Platform } from './platform.ts';

/** A pointer to content in a registry (image-spec, descriptor.md). */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes; -1 where the document does not say (schema 1): the client asks the registry then. */
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Where a foreign layer lies; fetched without credentials. */
  readonly urls?: readonly string[];
  /** The content itself in base64, when it is small. */
  readonly data?: string;
  readonly platform?: Platform;
  readonly artifactType?: string;
}
