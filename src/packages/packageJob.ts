import type { Compression } from '../oci/compression.ts';
import type { FileKind } from './fileKinds.ts';
import type { Finding } from './languages/finding.ts';

/** A file to read. */
export interface JobFile {
  readonly path: string;
  readonly kind: FileKind;
  /** In bytes. */
  readonly size: number;
}

/** Files of one layer to read for packages, as a thread receives them. Plain data. */
export interface PackageJob {
  readonly files: readonly JobFile[];
  /** The files' contents; or the layer's blob and where in it they are. */
  readonly from:
    | { readonly contents: readonly Uint8Array[] }
    | {
        /** Path of the layer's blob. */
        readonly blob: string;
        readonly compression: Compression;
        /** Path of its restart points, which may not exist. */
        readonly restartPoints: string;
        /** See `LayerPieces.pieces`. Transferred. */
        readonly pieces: Float64Array<ArrayBuffer>;
      };
}

/** What one file says. */
export interface FileReport {
  /** Index in {@link PackageJob.files}. */
  readonly file: number;
  readonly finding: Finding;
  /** The content of a `raw` file. Transferred. */
  readonly raw?: Uint8Array<ArrayBuffer>;
  /** What a `copyright` file says. */
  readonly license?: string;
}
