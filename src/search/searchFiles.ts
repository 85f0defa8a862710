import type { LayerIndex } from '../browse/layerIndex.ts';
import type { MergedNode, MergedTree, NumberedLayer } from '../browse/mergedTree.ts';
import type { Compression } from '../layers/decompress.ts';
import { layerPieces } from './layerPieces.ts';
import type { Match } from './lineMatches.ts';
import { pathFilter } from './pathFilter.ts';
import { compileQuery, type SearchQuery } from './query.ts';
import { SearchThread, type Told } from './searchThread.ts';
import { wantedFiles, type WantedFile } from './wantedFiles.ts';

/** What is searched, and for what. */
export interface FileSearchRequest {
  readonly tree: MergedTree;
  /** A folder of it, or one file. */
  readonly from: MergedNode;
  readonly query: SearchQuery;
  /** See {@link pathFilter}. */
  readonly include?: string;
  readonly exclude?: string;
  /** How many matches are enough; the search ends with them. */
  readonly most: number;
}

/** A layer's blob, all of it, and where in it each file lies. */
export interface SearchedArchive {
  readonly blob: string;
  readonly compression: Compression;
  readonly points: string;
  readonly index: LayerIndex;
}

/** What a search needs of others. */
export interface FileSearchContext {
  /** Makes a layer readable, by its number. */
  readonly archive: (layer: number, signal: AbortSignal) => Promise<SearchedArchive>;
  /** `searchWorker.js` of the bundle, `searchWorker.ts` in plain Node. */
  readonly script: URL;
  /** How many layers are searched at once. */
  readonly threads: number;
  readonly signal: AbortSignal;
}

/** Is told of a search while it runs. */
export interface FileSearchWatch {
  /** Once: how much there is to be looked through. */
  begins(files: number, bytes: number): void;
  /** More matches of a file; those of one file may come in parts, in their order. */
  found(file: Pick<WantedFile, 'path' | 'layer'>, matches: readonly Match[]): void;
  /** Files and bytes that were looked through since. */
  passed(files: number, bytes: number): void;
  /** A layer could not be searched to its end. The others go on. */
  failed(layer: number, error: unknown): void;
}

/**
 * Searches the text of an image's files, in threads, one pass for each layer that has such a file. Only what the merged view shows is read. Answers whether the limit ended it.
 * @throws {InvalidQueryError} and the signal's reason
 */
export async function searchFiles(
  { tree, from, query, include, exclude, most }: FileSearchRequest,
  context: FileSearchContext,
  watch: FileSearchWatch,
): Promise<{ readonly limited: boolean }> {
  compileQuery(query);
  const wanted = [...(await wantedFiles(tree, from, pathFilter(include, exclude), context.signal))];
  const sizes = wanted.flatMap(([{ files }, found]) => found.map(({ at }) => files.index.size(at)));
  watch.begins(
    sizes.length,
    sizes.reduce((sum, size) => sum + size, 0),
  );
  // The largest first, so that no thread is left alone with it in the end.
  wanted.sort(([, one], [, other]) => other.length - one.length);
  const enough = new AbortController();
  const signal = AbortSignal.any([context.signal, enough.signal]);
  let left = most;
  const found: FileSearchWatch['found'] = (file, matches) => {
    const taken = matches.slice(0, left);
    left -= taken.length;
    if (taken.length > 0) watch.found(file, taken);
    if (left === 0) enough.abort();
  };
  const passed: FileSearchWatch['passed'] = (files, bytes) => watch.passed(files, bytes);
  const searchLayer = async (thread: SearchThread, { number, files }: NumberedLayer, which: readonly WantedFile[]) => {
    const { index, ...archive } = await context.archive(number, signal);
    const { files: searched, pieces } = layerPieces(files.index, which, index);
    const job = { query, ...archive, most, pieces };
    await thread.search(job, told => tell(told, searched, { found, passed }), signal);
  };
  const run = async (thread: SearchThread): Promise<void> => {
    for (let next = wanted.shift(); next; next = wanted.shift()) {
      try {
        await searchLayer(thread, ...next);
      } catch (error) {
        if (signal.aborted) return;
        watch.failed(next[0].number, error);
      }
    }
  };
  const threads = wanted.slice(0, context.threads).map(() => new SearchThread(context.script));
  try {
    await Promise.all(threads.map(run));
  } finally {
    for (const thread of threads) thread.end();
  }
  context.signal.throwIfAborted();
  return { limited: left === 0 };
}

/** From what a thread says to what is said of files. */
function tell(
  { found, files, bytes }: Told,
  searched: readonly WantedFile[],
  watch: Pick<FileSearchWatch, 'found' | 'passed'>,
): void {
  for (const { piece, matches } of found) {
    const file = searched[piece];
    if (file) watch.found(file, matches);
  }
  watch.passed(files, bytes);
}
