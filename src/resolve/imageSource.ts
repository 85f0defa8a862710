import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';

/** A manifest as the source has it, byte for byte. */
export interface SourceManifest {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  /** Computed over the bytes. */
  readonly digest: Digest;
}

/** Where an image's documents come from, such as a `RegistryClient`. */
export interface ImageSource {
  /** Returns the manifest under a tag or a digest. By digest, it is verified. */
  manifest(repository: string, version: string, signal: AbortSignal): Promise<SourceManifest>;
  /** Returns a small blob, verified. @param limit bytes it may have at most */
  blobBytes(repository: string, blob: Descriptor, limit: number, signal: AbortSignal): Promise<Uint8Array>;
  /** Whether the source has a manifest that an index names. Absent: it has all of them. */
  hasManifest?(repository: string, digest: Digest): Promise<boolean>;
  /** Returns a blob's size, for manifests that don't state it. */
  blobSize(repository: string, digest: Digest, signal: AbortSignal): Promise<number>;
}
