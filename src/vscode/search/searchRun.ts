import type { ResolvedImage } from '../../oci/image.ts';
import type { Match } from '../../search/lineMatches.ts';
import type { SearchQuery } from '../../search/query.ts';
import type { FileSearchWatch } from '../../search/searchFiles.ts';
import { LayersNotSearchedError } from './layersNotSearched.ts';
import type { LayerFailure, FoundMatch } from './searchTypes.ts';

/** Where is searched. */
export interface SearchPlace {
  readonly image: ResolvedImage;
  /** What people call the image. */
  readonly name: string;
  /** A layer's number; absent = all layers merged. */
  readonly layer?: number;
  /** A folder or file; '' = everything. */
  readonly path: string;
}

/** For what, and in which files. */
export interface SearchTerms extends SearchQuery {
  /** Patterns with commas between them; '' = all files. */
  readonly include: string;
  readonly exclude: string;
}

export interface FoundFile {
  readonly path: string;
  readonly layer: number;
  readonly matches: readonly Match[];
}

export type SearchState = 'running' | 'done' | 'cancelled' | 'failed';

/** One search from its begin to its end, and what it found so far. */
export class SearchRun implements FileSearchWatch {
  readonly place: SearchPlace;
  readonly terms: SearchTerms;
  /** How many matches are enough. */
  readonly most: number;
  readonly #controller = new AbortController();
  readonly #changed: () => void;
  readonly #files = new Map<string, { path: string; layer: number; matches: Match[] }>();
  readonly #failures: LayerFailure[] = [];
  #state: SearchState = 'running';
  #count = 0;
  #limited = false;
  #error: unknown;
  /** Bytes that are known to be there, and whether these are all. */
  #wanted = 0;
  #listed = false;
  /** What was looked through. */
  #passed = { files: 0, bytes: 0 };

  /** @param changed is called whenever there is more to show */
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

  /** Layers that could not be searched, or not to their end. */
  get failures(): readonly LayerFailure[] {
    return this.#failures;
  }

  /** Files with matches, by their path. */
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

  /** The same, when every layer was searched. @throws {LayersNotSearchedError} */
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

  /** Ends it; what was found stays. */
  cancel(): void {
    this.#controller.abort();
  }

  /** It has ended by itself. */
  end({ limited }: { readonly limited: boolean }): void {
    if (this.#state === 'running') this.#limited = limited;
    this.#settle('done');
  }

  /** It was ended, or could not be done. */
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

/** By the names of folders and files, one after the other. */
function compare(one: string, other: string): number {
  const [left, right] = [one.replaceAll('/', '\u0001'), other.replaceAll('/', '\u0001')];
  return left < right ? -1 : Number(left > right);
}
