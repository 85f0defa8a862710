import type { Compression } from '../layers/decompress.ts';
import type { WiredError } from '../pull/wiredError.ts';
import type { Match } from './lineMatches.ts';
import type { SearchQuery } from './query.ts';

/** Where a file's content lies in a layer's archive. */
export interface Piece {
  /** Of the uncompressed archive. */
  readonly offset: number;
  /** Bytes. */
  readonly size: number;
  readonly crc: number;
}

/** What a searching thread does for one layer. Plain data. */
export interface SearchJob {
  readonly query: SearchQuery;
  /** The file of the layer's blob. */
  readonly blob: string;
  readonly compression: Compression;
  /** The file of its restart points; it may be missing. */
  readonly points: string;
  /** What to search, in the order of the archive. */
  readonly pieces: readonly Piece[];
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
