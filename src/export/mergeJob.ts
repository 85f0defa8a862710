import type { UnpackLimits } from '../layers/unpack/layerVisitor.ts';
import type { Layer } from '../oci/layer.ts';
import type { SerializedError } from '../workers/errorTransfer.ts';

/** Layers whose blobs are on disk. Plain data. */
export interface StoredLayers {
  /** Base first. */
  readonly layers: readonly Pick<Layer, 'number' | 'descriptor' | 'diffId'>[];
  /** The file of each layer's blob, in the same order. */
  readonly blobs: readonly string[];
}

/** A job for a merge thread. Plain data. */
export interface MergeJob extends StoredLayers {
  /** Created; must be new or empty. */
  readonly folder: string;
  readonly limits: UnpackLimits;
}

/** Messages of a thread that reads stored layers. */
export type MergeMessage =
  | { readonly type: 'progress'; readonly read: number; readonly layersDone: number }
  | { readonly type: 'done'; readonly warnings: readonly string[] }
  | { readonly type: 'failed'; readonly error: SerializedError };
