import type { Compression } from '../oci/compression.ts';
import type { SerializedError } from '../workers/errorTransfer.ts';
import type { Match } from './lineMatches.ts';
import type { SearchQuery } from './query.ts';

/** A blob's bytes have changed since the layer was verified. */
export class DamagedBlobError extends Error {
  constructor(path: string) {
    super(`The cached blob ${path} has changed on disk since it was verified. Clean the cache and search again.`);
    this.name = 'DamagedBlobError';
  }
}

/**
 * Numbers per file in {@link SearchJob.pieces}: offset in the uncompressed archive, size in bytes,
 * CRC-32.
 */
export const PIECE = 3;

/** The search of one layer, as a thread receives it. Plain data. */
export interface SearchJob {
  readonly query: SearchQuery;
  /** Path of the layer's blob. */
  readonly blob: string;
  readonly compression: Compression;
  /** Path of its restart points, which may not exist. */
  readonly restartPoints: string;
  /**
   * The files to search, {@link PIECE} numbers each, in archive order. Transferred, since there may
   * be very many.
   */
  readonly pieces: Float64Array<ArrayBuffer>;
  /** Ends the search after this many matches. */
  readonly most: number;
}

/** Matches in one file. */
export interface FoundPiece {
  /** Index of the job's piece. */
  readonly piece: number;
  readonly matches: readonly Match[];
}

/** A message from a search thread. */
export type SearchMessage =
  | {
      readonly type: 'found';
      readonly found: readonly FoundPiece[];
      /** Pieces and bytes searched since the last such message. */
      readonly files: number;
      readonly bytes: number;
    }
  | { readonly type: 'done' }
  | { readonly type: 'failed'; readonly error: SerializedError };
