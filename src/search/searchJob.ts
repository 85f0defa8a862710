import type { Compression } from '../oci/compression.ts';
import type { WiredError } from '../workers/errorTransfer.ts';
import type { Match } from './lineMatches.ts';
import type { SearchQuery } from './query.ts';

/** Numbers of a file in {@link SearchJob.pieces}: offset of its content in the uncompressed archive, size in bytes, CRC-32. */
export const PIECE = 3;

/** What a searching thread does for one layer. Plain data. */
export interface SearchJob {
  readonly query: SearchQuery;
  /** The file of the layer's blob. */
  readonly blob: string;
  readonly compression: Compression;
  /** The file of its restart points; it may be missing. */
  readonly restartPoints: string;
  /** What to search, in the order of the archive: {@link PIECE} numbers for each, so that very many cross to the thread at once. */
  readonly pieces: Float64Array<ArrayBuffer>;
  /** How many matches are enough. */
  readonly most: number;
}

/** What was found in one file. */
export interface FoundPiece {
  /** Which of the job's pieces. */
  readonly piece: number;
  readonly matches: readonly Match[];
}

/** What a searching thread says. */
export type SearchMessage =
  | {
      readonly type: 'found';
      readonly found: readonly FoundPiece[];
      /** Pieces and bytes that were looked through since the last such message. */
      readonly files: number;
      readonly bytes: number;
    }
  | { readonly type: 'done' }
  | { readonly type: 'failed'; readonly error: WiredError };
