import type { Compression } from '../oci/compression.ts';
import type { Match } from './lineMatches.ts';
import type { SearchQuery } from './query.ts';

/** The search of one layer, as a thread receives it. Plain data. */
export interface SearchJob {
  readonly query: SearchQuery;
  /** Path of the layer's blob. */
  readonly blob: string;
  readonly compression: Compression;
  /** Path of its restart points, which may not exist. */
  readonly restartPoints: string;
  /** The files to search; see `LayerPieces.pieces`. Transferred, since there may be very many. */
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

/** A report of matches and progress. */
export interface SearchReport {
  readonly found: readonly FoundPiece[];
  /** Pieces and bytes searched since the last report. */
  readonly files: number;
  readonly bytes: number;
}
