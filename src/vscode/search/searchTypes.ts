import type { Match } from '../../search/lineMatches.ts';

/** A match as commands return it. */
export type FoundMatch = Omit<Match, 'start'> & {
  readonly path: string;
  /** Number of the layer that the file comes from. */
  readonly layer: number;
};

/** A layer that couldn't be searched to its end, and why. */
export interface LayerFailure {
  readonly layer: number;
  readonly error: unknown;
}
