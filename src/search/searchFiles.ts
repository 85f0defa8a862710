import type { LayerListing } from '../browse/listing/layerListing.ts';
import type { NumberedLayer } from '../browse/tree/mergedTree.ts';
import type { Compression } from '../oci/compression.ts';
import { layerPieces } from './layerPieces.ts';
import { LayerQueue } from './layerQueue.ts';
import type { Match } from './lineMatches.ts';
import { pathFilter } from './pathFilter.ts';
import { compileQuery, type SearchQuery } from './query.ts';
import { SearchThread, type Told } from './searchThread.ts';
import type { SearchStage } from './stages.ts';
import { wantedFiles, type WantedFile } from './wantedFiles.ts';

/** What is searched, and for what. */
export interface FileSearchRequest {
  /** Every layer in one of them. */
  readonly stages: (signal: AbortSignal) => Iterable<SearchStage> | AsyncIterable<SearchStage>;
  /** A folder or file; '' = everything. In several stages it must be everything. */
  readonly path: string;
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
  readonly restartPoints: string;
  readonly listing: LayerListing;
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
  /** There is so much more to be looked through. */
  wants(files: number, bytes: number): void;
  /** No more comes to that. */
  listed(): void;
  /** More matches of a file; those of one file may come in parts, in their order. */
  found(file: Pick<WantedFile, 'path' | 'layer'>, matches: readonly Match[]): void;
  /** Files and bytes that were looked through since. */
  passed(files: number, bytes: number): void;
  /** A layer could not be searched to its end. The others go on. */
  failed(layer: number, error: unknown): void;
}

/**
 * Searches the text of an image's files, in threads, one pass for each layer that has such a file. Only what the merged view shows is read. Answers whether the limit ended it.
 * @throws {InvalidQueryError} {@link NoSuchPathError}, what opening the layers throws, and the signal's reason
 */
export async function searchFiles(
  request: FileSearchRequest,
  context: FileSearchContext,
  watch: FileSearchWatch,
): Promise<{ readonly limited: boolean }> {
  const { query, most } = request;
  compileQuery(query);
  const end = new AbortController();
  const signal = AbortSignal.any([context.signal, end.signal]);
  const queue = new LayerQueue<LayerTask>();
  let left = most;
  const found: FileSearchWatch['found'] = (file, matches) => {
    const taken = matches.slice(0, left);
    left -= taken.length;
    if (taken.length > 0) watch.found(file, taken);
    if (left === 0) end.abort();
  };
  const passed: FileSearchWatch['passed'] = (files, bytes) => watch.passed(files, bytes);
  const run = async (thread: SearchThread): Promise<void> => {
    for (let next = await queue.take(); next && !signal.aborted; next = await queue.take()) {
      const { number, files: listed } = next.layer;
      try {
        const { listing, ...archive } = await context.archive(number, signal);
        const { files, missing, pieces } = layerPieces(listed.listing, next.files, listing);
        const job = { query, ...archive, most, pieces };
        await thread.search(job, told => tell(told, files, { found, passed }), signal);
        if (missing[0]) throw new FilesMissingError(missing[0].path, missing.length);
      } catch (error) {
        if (!signal.aborted) watch.failed(number, error);
      }
    }
  };
  const threads = Array.from({ length: context.threads }, () => new SearchThread(context.script));
  const searching = threads.map(run);
  try {
    await listLayers(request, queue, watch, signal);
    await Promise.all(searching);
  } catch (error) {
    if (left > 0) throw error;
  } finally {
    end.abort();
    queue.close();
    for (const thread of threads) thread.end();
  }
  context.signal.throwIfAborted();
  return { limited: left === 0 };
}

/** A layer's table of contents tells of files that its archive does not have. */
export class FilesMissingError extends Error {
  constructor(path: string, count: number) {
    const more = count > 1 ? ` and ${count - 1} more` : '';
    super(`Its archive does not have ${JSON.stringify(path)}${more}, of which its table of contents tells.`);
    this.name = 'FilesMissingError';
  }
}

/** Files of one layer that are to be searched. */
interface LayerTask {
  readonly layer: NumberedLayer;
  readonly files: readonly WantedFile[];
}

/** Puts what is to be searched into the queue, as it becomes known. */
async function listLayers(
  { stages, path, include, exclude }: FileSearchRequest,
  queue: LayerQueue<LayerTask>,
  watch: FileSearchWatch,
  signal: AbortSignal,
): Promise<void> {
  const filter = pathFilter(include, exclude);
  for await (const { tree, layers } of stages(signal)) {
    const passes = (file: string, layer: number): boolean => layers?.has(layer) !== false && filter(file);
    const wanted = [...(await wantedFiles(tree, tree.find(path), passes, signal))];
    const tasks = wanted.map(([layer, files]) => {
      const bytes = files.reduce((sum, { at }) => sum + layer.files.listing.size(at), 0);
      watch.wants(files.length, bytes);
      return { layer, files, bytes };
    });
    // The largest first, so that no thread is left alone with it in the end.
    queue.add(...tasks.sort((one, other) => other.bytes - one.bytes));
  }
  watch.listed();
  queue.close();
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
