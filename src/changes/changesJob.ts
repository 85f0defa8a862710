import type { Change } from './layerPlan.ts';
import type { WrittenLayer } from './layerBlob.ts';
import type { UpperSource } from './readUpper.ts';

/** Work on an image's changes, as a thread receives it. Plain data. */
export interface ChangesJob {
  readonly source: UpperSource;
  /** The archive was read in a user namespace. */
  readonly namespace: boolean;
  /** The image's layers. */
  readonly layers: number;
  /** Also writes a layer with the changes, if there are any. */
  readonly layer?: {
    /** A new file for the blob. */
    readonly file: string;
    /** Seconds; later times become this one, so that the layer is reproducible. */
    readonly latest?: number;
  };
}

/** What the changes are, and the layer that was written. */
export interface ChangesResult {
  readonly changes: readonly Change[];
  readonly layer?: WrittenLayer;
}
