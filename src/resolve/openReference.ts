import type { Digest } from '../oci/digest.ts';
import { parseManifest, type Manifest } from '../oci/manifest.ts';
import { wantedVersion, type Reference } from '../oci/reference.ts';
import type { ImageSource } from './imageSource.ts';

/** The document that a reference names, as the registry has it. */
export interface Opened {
  readonly reference: Reference;
  /** Computed over the bytes; the registry's header may be wrong. */
  readonly digest: Digest;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  readonly manifest: Manifest;
}

/**
 * Downloads the manifest or index that a reference names.
 * @throws {InvalidManifestError} and what {@link ImageSource.manifest} throws
 */
export async function openReference(source: ImageSource, reference: Reference, signal: AbortSignal): Promise<Opened> {
  const { bytes, digest, mediaType } = await source.manifest(reference.repository, wantedVersion(reference), signal);
  const manifest = parseManifest(bytes, mediaType);
  return { reference, digest, mediaType: manifest.mediaType, bytes, manifest };
}
