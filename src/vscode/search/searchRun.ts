import type { ResolvedImage } from '../../oci/image.ts';
import type { Match } from '../../search/lineMatches.ts';
import type { SearchQuery } from '../../search/query.ts';
import type { SearchEvents } from '../../search/searchFiles.ts';
import { LayersNotSearchedError } from './layersNotSearched.ts';
import type { LayerFailure, FoundMatch } from './searchTypes.ts';

/** Where to search. */
export interface SearchPlace {
  readonly image: ResolvedImage;
  /** The image's name, as shown. */
  readonly name: string;
  /** A layer's number; absent = all layers merged. */
  readonly layer?: number;
  /** A folder or file; '' = everything. */
  readonly path: string;
}

/** What to search for, and in which files. */
export interface SearchTerms extends SearchQuery {
  /** Comma-separated patterns; '' = all files. */
  readonly include: string;
  readonly exclude: string;
}

export interface FoundFile {
  readonly path: string;
  readonly layer: number;
  readonly matches: readonly Match[];
}

export type SearchState = 'running' | 'done' | 'cancelled' | 'failed';

/** A search: its state, and its matches so far. */
export class SearchRun implements SearchEvents {
  readonly place: SearchPlace;
  readonly terms: SearchTerms;
  /** Ends the search after this many matches. */
  readonly most: number;
  readonly #controller = new AbortController();
  readonly #changed: () => void;
  readonly #files = new Map<string, { path: string; layer: number; matches: Match[] }>();
  readonly #failures: LayerFailure[] = [];
  #state: SearchState = 'running';
  #count = 0;
  #limited = false;
  #error: unknown;
  /** Bytes known so far, and whether they are all. */
  #wanted = 0;
  #listed = false;
  /** What has been searched. */
  #passed = { files: 0, bytes: 0 };

  /** @param changed called whenever there is more to show */
  constructor(place: SearchPlace, terms: SearchTerms, most: number, changed: () => void) {
    this.place = place;
    this.terms = terms;
    this.most = most;
    this.#changed = changed;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get state(): SearchState {
    return this.#state;
  }

  /** Matches so far. */
  get count(): number {
    return this.#count;
  }

  /** There may be more matches than these. */
  get limited(): boolean {
    return this.#limited;
  }

  /** Why the whole search failed. */
  get error(): unknown {
    return this.#error;
  }

  /** Layers that could not be searched to their end. */
  get failures(): readonly LayerFailure[] {
    return this.#failures;
  }

  /** Files with matches, by path. */
  get files(): readonly FoundFile[] {
    return [...this.#files.values()].sort((one, other) => compare(one.path, other.path));
  }

  /** From 0 to 1; `undefined` while the layers are still being opened. */
  get progress(): number | undefined {
    if (!this.#listed) return undefined;
    return this.#wanted === 0 ? 1 : Math.min(1, this.#passed.bytes / this.#wanted);
  }

  get searchedFiles(): number {
    return this.#passed.files;
  }

  /** All matches, by path and place. */
  matches(): FoundMatch[] {
    return this.files.flatMap(({ path, layer, matches }) =>
      matches.map(({ line, column, length, text }) => ({ path, layer, line, column, length, text })),
    );
  }

  /** All matches, if every layer was searched. @throws {LayersNotSearchedError} */
  allMatches(): FoundMatch[] {
    const matches = this.matches();
    if (this.#failures.length > 0) throw new LayersNotSearchedError(this.#failures, matches);
    return matches;
  }

  wants(_files: number, bytes: number): void {
    this.#wanted += bytes;
    this.#changed();
  }

  listed(): void {
    this.#listed = true;
    this.#changed();
  }

  found({ path, layer }: Pick<FoundFile, 'path' | 'layer'>, matches: readonly Match[]): void {
    const file = this.#files.get(path) ?? { path, layer, matches: [] };
    this.#files.set(path, file);
    file.matches.push(...matches);
    this.#count += matches.length;
    this.#changed();
  }

  passed(files: number, bytes: number): void {
    this.#passed = { files: this.#passed.files + files, bytes: this.#passed.bytes + bytes };
    this.#changed();
  }

  failed(layer: number, error: unknown): void {
    this.#failures.push({ layer, error });
    this.#changed();
  }

  /** Cancels the search. Its matches stay. */
  cancel(): void {
    this.#controller.abort();
  }

  /** The search has ended by itself. */
  end({ limited }: { readonly limited: boolean }): void {
    if (this.#state === 'running') this.#limited = limited;
    this.#settle('done');
  }

  /** The search was cancelled, or has failed. */
  fail(error: unknown): void {
    this.#error = error;
    this.#settle(this.signal.aborted ? 'cancelled' : 'failed');
  }

  #settle(state: SearchState): void {
    if (this.#state !== 'running') return;
    this.#state = state;
    this.#changed();
  }
}

/** Compares paths name by name. */
function compare(one: string, other: string): number {
  const [left, right] = [one.replaceAll('/', '\u0001'), other.replaceAll('/', '\u0001')];
  return left < right ? -1 : Number(left > right);
}
