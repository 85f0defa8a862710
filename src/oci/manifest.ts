import type { Descriptor } from './descriptor.ts';
import type { Digest } from './digest.ts';

/** An image index or manifest list: one image for several platforms (image-spec, image-index.md). */
export interface Index {
  readonly kind: 'index';
  readonly mediaType: string;
  readonly manifests: readonly Descriptor[];
  readonly annotations: Readonly<Record<string, string>>;
  readonly subject?: Descriptor;
  readonly artifactType?: string;
}

/** One image, or one artifact, as OCI and Docker schema 2 write it (image-spec, manifest.md). `layers` is base first. */
export interface ImageManifest {
  readonly kind: 'image';
  readonly mediaType: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly annotations: Readonly<Record<string, string>>;
  readonly subject?: Descriptor;
  readonly artifactType?: string;
}

/** The old Docker manifest without config and sizes. Already turned base first, paired with its history. */
export interface Schema1Manifest {
  readonly kind: 'schema1';
  readonly mediaType: string;
  readonly name: string;
  readonly tag: string;
  readonly architecture: string;
  /** Base first, one for each `fsLayers` entry. `v1` is the parsed `v1Compatibility`. */
  readonly history: readonly { readonly blobSum: Digest; readonly v1: Readonly<Record<string, unknown>>; readonly empty: boolean }[];
}

export type Manifest = Index | ImageManifest | Schema1Manifest;
