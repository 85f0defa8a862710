import type { FoundEntries } from '../browse/sources/growingLayer.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { RegistryConfig } from '../registry/config.ts';
import type { TransportOptions } from '../registry/http/transportOptions.ts';
import type { PipeMemory } from './bytePipe.ts';
import type { Compression } from '../oci/compression.ts';
import type { UnpackLimits } from '../layers/unpack/unpack.ts';

/** What a worker thread does with one layer. Plain data, since it is sent to the thread. */
export interface LayerJob {
  readonly blob: Descriptor;
  readonly registry: RegistryConfig;
  readonly repository: string;
  readonly transport: TransportOptions;
  /** The blob's final path in the store. */
  readonly blobPath: string;
  /** Where to unpack the layer. */
  readonly unpack?: UnpackTarget | undefined;
  /** Where to write what is in the layer. */
  readonly listing?: ListingTarget | undefined;
}

export interface ListingTarget {
  /** The listing's file (see browse/listing/layerListing.ts), written when both digests match. */
  readonly path: string;
  /** The file of a gzip or zstd layer's restart points. */
  readonly pointsPath: string;
  /** The file for parts of a zstd layer whose own frames are too long to start at. */
  readonly copyPath: string;
  /** From the config; absent for schema 1. */
  readonly diffId?: Digest | undefined;
  readonly limits: UnpackLimits;
  /** Whether progress reports include the entries found. */
  readonly followed: boolean;
}

export interface UnpackTarget {
  /**
   * `layers/N`, made under another name and renamed when both digests match. Replaces what is
   * there.
   */
  readonly folder: string;
  /** `layers/N.json`. */
  readonly sidecar: string;
  /** From the config; absent for schema 1. */
  readonly diffId?: Digest | undefined;
  readonly limits: UnpackLimits;
  /** A second thread writes the files while the job's own downloads and decompresses. */
  readonly shared?: boolean;
}

/** The second thread's share of a layer: takes its tar from the pipe and unpacks it. */
export interface TarJob {
  readonly target: UnpackTarget;
  /** The blob's digest, which the first thread verifies before it ends the pipe. */
  readonly blob: Digest;
  readonly pipe: PipeMemory;
}

export interface LayerResult {
  readonly digest: Digest;
  /** Bytes of the blob. */
  readonly size: number;
  /** Whether the blob was in the store already. */
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

/** A job's progress in bytes of the blob. */
export interface LayerProgress {
  /** From the network, the store, or an earlier attempt. */
  readonly read: number;
  /** From the network. */
  readonly downloaded: number;
  /** Entries found since the last report. */
  readonly found?: FoundEntries;
}
