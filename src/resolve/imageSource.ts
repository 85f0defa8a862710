import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';

/** A manifest's very bytes. */
export interface SourceManifest {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  /** Computed over the bytes. */
  readonly digest: Digest;
}

/** Where an image's documents come from. A `RegistryClient` is one. */
export interface ImageSource {
  /** The manifest under a tag or a digest; by digest it is verified. */
  manifest(repository: string, version: string, signal: AbortSignal): Promise<SourceManifest>;
  /** A small blob, verified. @param limit bytes that it may have at the most */
  blobBytes(repository: string, blob: Descriptor, limit: number, signal: AbortSignal): Promise<Uint8Array>;
  /** For layers whose manifest tells no size. */
  blobSize(repository: string, digest: Digest, signal: AbortSignal): Promise<number>;
}
