import type { FoundEntries } from '../browse/sources/growingLayer.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { RegistryConfig } from '../registry/config.ts';
import type { TransportOptions } from '../registry/http/transportOptions.ts';
import type { PipeMemory } from './bytePipe.ts';
import type { Compression } from '../oci/compression.ts';
import type { UnpackLimits } from '../layers/unpack/unpack.ts';

/** What a worker thread does for one layer. Plain data, for it crosses to the thread. */
export interface LayerJob {
  readonly blob: Descriptor;
  readonly registry: RegistryConfig;
  readonly repository: string;
  readonly transport: TransportOptions;
  /** The blob's final path in the store. */
  readonly blobPath: string;
  /** Absent: only download and verify. */
  readonly unpack?: UnpackTarget | undefined;
  /** Notes what is in the layer, without unpacking it. */
  readonly listing?: ListingTarget | undefined;
}

export interface ListingTarget {
  /** The file of the listing (see browse/listing/layerListing.ts); written when both digests hold. */
  readonly path: string;
  /** The file of the restart points, for a gzip or zstd layer. */
  readonly pointsPath: string;
  /** The file of the pieces that a zstd layer is copied into, where its own frames are too long to start at. */
  readonly copyPath: string;
  /** What the config says; absent for schema 1. */
  readonly diffId?: Digest | undefined;
  readonly limits: UnpackLimits;
  /** Tells, with the progress, what is found. */
  readonly followed: boolean;
}

export interface UnpackTarget {
  /** `layers/N`; made beside its place and renamed when both digests hold. Whatever stands there is replaced. */
  readonly folder: string;
  /** `layers/N.json`. */
  readonly sidecar: string;
  /** What the config says; absent for schema 1. */
  readonly diffId?: Digest | undefined;
  readonly limits: UnpackLimits;
  /** A second thread makes the files, while the job's own fetches and decompresses. */
  readonly shared?: boolean;
}

/** What a thread does that helps another: it takes a layer's tar from the pipe and unpacks it. */
export interface TarJob {
  readonly target: UnpackTarget;
  /** The blob's digest, which the other thread verifies before it ends the pipe. */
  readonly blob: Digest;
  readonly pipe: PipeMemory;
}

export interface LayerResult {
  readonly digest: Digest;
  /** Bytes of the blob. */
  readonly size: number;
  /** True when no byte of it came over the network. */
  readonly cached: boolean;
  readonly unpacked?: UnpackedLayer;
}

export interface UnpackedLayer {
  readonly diffId: Digest;
  readonly compression: Compression;
  /** Bytes of the uncompressed tar. */
  readonly tarSize: number;
  readonly entries: number;
  readonly warnings: readonly string[];
}

/** Bytes so far of one job. */
export interface LayerProgress {
  /** Of the blob, wherever they came from. */
  readonly read: number;
  /** Of these, over the network. */
  readonly downloaded: number;
  /** Entries that were found since the last that were told. */
  readonly found?: FoundEntries;
}
