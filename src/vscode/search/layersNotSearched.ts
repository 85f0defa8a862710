import { count } from '../common/text.ts';
import type { FoundMatch, LayerFailure } from './searchTypes.ts';

/** A search is incomplete, since some layers could not be read. Has the matches of the others. */
export class LayersNotSearchedError extends Error {
  readonly failures: readonly LayerFailure[];
  /** Matches in the layers that were searched. */
  readonly matches: readonly FoundMatch[];

  constructor(failures: readonly LayerFailure[], matches: readonly FoundMatch[]) {
    const [first] = failures;
    const layers = [...new Set(failures.map(({ layer }) => layer))].toSorted((one, other) => one - other).join(', ');
    const found = matches.length === 0 ? 'no matches' : count(matches.length, 'match', 'matches');
    super(
      `The search is incomplete: ${layers.includes(',') ? 'layers' : 'layer'} ${layers} could not be read. ${reasonOf(first?.error)} The other layers have ${found}.`,
      { cause: first?.error },
    );
    this.name = 'LayersNotSearchedError';
    this.failures = failures;
    this.matches = matches;
  }
}

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return /[.!?]$/.test(message) ? message : `${message}.`;
}
