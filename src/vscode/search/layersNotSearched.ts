import { count } from '../common/text.ts';
import type { FoundMatch, LayerFailure } from './searchTypes.ts';

/** A search is not whole: some layers could not be read. What the others have is kept with it. */
export class LayersNotSearchedError extends Error {
  readonly failures: readonly LayerFailure[];
  /** Of the layers that were searched. */
  readonly matches: readonly FoundMatch[];

  constructor(failures: readonly LayerFailure[], matches: readonly FoundMatch[]) {
    const [first] = failures;
    const layers = [...new Set(failures.map(({ layer }) => layer))].toSorted((one, other) => one - other).join(', ');
    const found = matches.length === 0 ? 'no matches' : count(matches.length, 'match', 'matches');
    super(
      `Not all was searched: ${layers.includes(',') ? 'layers' : 'layer'} ${layers} could not be read. ${reasonOf(first?.error)} What was searched has ${found}.`,
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
