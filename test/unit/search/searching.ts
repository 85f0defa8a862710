import type { LayerFiles } from '../../../src/browse/sources/layerFiles.ts';
import { MergedTree } from '../../../src/browse/tree/mergedTree.ts';
import { openLayer } from '../../../src/layerAccess/openLayer.ts';
import { layerArchive } from '../../../src/layerAccess/layerArchive.ts';
import type { ResolvedImage } from '../../../src/oci/image.ts';
import { findLayer } from '../../../src/pull/oneLayer.ts';
import { searchFiles, type FileSearchRequest } from '../../../src/search/searchFiles.ts';
import type { Match } from '../../../src/search/lineMatches.ts';
import type { SearchQuery } from '../../../src/search/query.ts';
import type { Pulling } from '../../support/pulling.ts';

/** The events of a finished search. */
export interface Searched {
  readonly matches: readonly (Match & { readonly path: string; readonly layer: number })[];
  readonly failures: readonly { readonly layer: number; readonly error: unknown }[];
  readonly limited: boolean;
  /** What was to be searched, and what was. */
  readonly wanted: { readonly files: number; readonly bytes: number };
  readonly passed: { readonly files: number; readonly bytes: number };
  /** How often `listed` was called. */
  readonly listed: number;
}

export type SearchOptions = Partial<SearchQuery> &
  Partial<Omit<FileSearchRequest, 'query'>> & {
    readonly signal?: AbortSignal;
    /** Called after each event with the matches so far. */
    readonly onNews?: (matches: number) => void;
  };

const SCRIPT = new URL('../../../src/search/searchWorker.ts', import.meta.url);

/** An image opened for browsing and searching. */
export class Searching {
  readonly #pulling: Pulling;
  readonly #image: ResolvedImage;
  readonly tree: MergedTree;

  private constructor(pulling: Pulling, image: ResolvedImage, tree: MergedTree) {
    this.#pulling = pulling;
    this.#image = image;
    this.tree = tree;
  }

  static async open(pulling: Pulling, reference: string, platform?: string): Promise<Searching> {
    const image = await pulling.resolve(reference, platform);
    const { signal } = new AbortController();
    const opened = image.layers.map(async layer => ({
      number: layer.number,
      files: await openLayer(pulling.layerWork, pulling.layerRequest(image, layer), signal),
    }));
    return new Searching(pulling, image, MergedTree.of(await Promise.all(opened)));
  }

  /** Opens a layer again. */
  openLayer(number: number, signal: AbortSignal): Promise<LayerFiles> {
    return openLayer(
      this.#pulling.layerWork,
      this.#pulling.layerRequest(this.#image, findLayer(this.#image, number)),
      signal,
    );
  }

  async search(text: string, options: SearchOptions = {}): Promise<Searched> {
    const { isRegex = false, matchCase = false, wholeWord = false, path = '', most = 10_000, ...rest } = options;
    const matches: (Match & { path: string; layer: number })[] = [];
    const failures: { layer: number; error: unknown }[] = [];
    const wanted = { files: 0, bytes: 0 };
    const passed = { files: 0, bytes: 0 };
    let listed = 0;
    const { limited } = await searchFiles(
      {
        stages: signal => options.stages?.(signal) ?? [{ tree: this.tree }],
        path,
        query: { text, isRegex, matchCase, wholeWord },
        most,
        ...(rest.include === undefined ? {} : { include: rest.include }),
        ...(rest.exclude === undefined ? {} : { exclude: rest.exclude }),
      },
      {
        archive: (layer, signal) =>
          layerArchive(
            this.#pulling.layerWork,
            this.#pulling.layerRequest(this.#image, findLayer(this.#image, layer)),
            signal,
          ),
        script: SCRIPT,
        threads: 2,
        signal: rest.signal ?? new AbortController().signal,
      },
      {
        wants: (files, bytes) => {
          wanted.files += files;
          wanted.bytes += bytes;
        },
        listed: () => (listed += 1),
        found: (file, found) => {
          matches.push(...found.map(match => ({ ...match, ...file })));
          rest.onNews?.(matches.length);
        },
        passed: (files, bytes) => {
          passed.files += files;
          passed.bytes += bytes;
          rest.onNews?.(matches.length);
        },
        failed: (layer, error) => void failures.push({ layer, error }),
      },
    );
    return { matches, failures, limited, wanted, passed, listed };
  }
}
