import type { MergedNode, NumberedLayer } from '../browse/tree/mergedTree.ts';
import { layerPieces, type LayerArchive } from '../browse/pieces/layerPieces.ts';
import { LayerQueue } from './layerQueue.ts';
import type { Match } from './lineMatches.ts';
import { pathFilter } from './pathFilter.ts';
import { compileQuery, InvalidQueryError, type SearchQuery } from './query.ts';
import type { SearchJob, SearchReport } from './searchJob.ts';
import type { SearchStage } from './stages.ts';
import { JobThread } from '../workers/jobThread.ts';
import { wantedFiles, type WantedFile } from '../browse/pieces/wantedFiles.ts';

/** What to search, and what for. */
export interface FileSearchRequest {
  /** Yields the layers to search, each in one stage. */
  readonly stages: (signal: AbortSignal) => Iterable<SearchStage> | AsyncIterable<SearchStage>;
  /** A folder or file; '' = everything, which it must be if there are several stages. */
  readonly path: string;
  readonly query: SearchQuery;
  /** See {@link pathFilter}. */
  readonly include?: string;
  readonly exclude?: string;
  /** Ends the search after this many matches. */
  readonly most: number;
}

/** What a search needs from its caller. */
export interface FileSearchContext {
  /** Downloads a layer if necessary, by its number. */
  readonly archive: (layer: number, signal: AbortSignal) => Promise<LayerArchive>;
  /** `searchWorker.js` of the bundle, `searchWorker.ts` in plain Node. */
  readonly script: URL;
  /** Layers searched at once. */
  readonly threads: number;
  readonly signal: AbortSignal;
}

/** Receives a search's events while it runs. */
export interface SearchEvents {
  /** Adds to what will be searched. */
  wants(files: number, bytes: number): void;
  /** Everything to search is known. */
  listed(): void;
  /** Adds matches of a file, which may arrive in parts, in order. */
  found(file: Pick<WantedFile, 'path' | 'layer'>, matches: readonly Match[]): void;
  /** Adds to what has been searched. */
  passed(files: number, bytes: number): void;
  /** A layer could not be searched to its end. The others continue. */
  failed(layer: number, error: unknown): void;
}

/**
 * Searches the text of an image's visible files, in threads, with one pass over each layer that has
 * any of them. Returns whether the limit ended it.
 * @throws {InvalidQueryError}, {@link NoSuchPathError}, what opening the layers throws, and the
 * signal's reason
 */
export async function searchFiles(
  request: FileSearchRequest,
  context: FileSearchContext,
  events: SearchEvents,
): Promise<{ readonly limited: boolean }> {
  const { query, most } = request;
  compileQuery(query);
  const end = new AbortController();
  const signal = AbortSignal.any([context.signal, end.signal]);
  const queue = new LayerQueue<LayerTask>();
  let left = most;
  const found: SearchEvents['found'] = (file, matches) => {
    const taken = matches.slice(0, left);
    left -= taken.length;
    if (taken.length > 0) events.found(file, taken);
    if (left === 0) end.abort();
  };
  const passed: SearchEvents['passed'] = (files, bytes) => events.passed(files, bytes);
  const searchQueued = async (thread: SearchThread): Promise<void> => {
    for (let next = await queue.take(); next && !signal.aborted; next = await queue.take()) {
      const { number, files: listed } = next.layer;
      try {
        const { listing, ...archive } = await context.archive(number, signal);
        const { files, missing, pieces } = layerPieces(listed.listing, next.files, listing);
        const job = { query, ...archive, most, pieces };
        const onReport = (report: SearchReport): void => forward(report, files, { found, passed });
        await thread.run(job, [pieces.buffer], onReport, signal);
        if (missing[0]) throw new FilesMissingError(missing[0].path, missing.length);
      } catch (error) {
        if (!signal.aborted) events.failed(number, error);
      }
    }
  };
  const threads = Array.from(
    { length: context.threads },
    (): SearchThread => new JobThread(context.script, SEARCH_ERRORS),
  );
  const searching = threads.map(searchQueued);
  try {
    await listLayers(request, queue, events, signal);
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

/** A layer's table of contents lists files that its archive does not have. */
export class FilesMissingError extends Error {
  constructor(path: string, count: number) {
    const more = count > 1 ? ` and ${count - 1} more` : '';
    super(`Its archive does not have ${JSON.stringify(path)}${more}, which its table of contents lists.`);
    this.name = 'FilesMissingError';
  }
}

type SearchThread = JobThread<SearchJob, SearchReport>;

/** Error classes of this room, which threads don't know by themselves. */
export const SEARCH_ERRORS = { InvalidQueryError };

/** Files of one layer to search. */
interface LayerTask {
  readonly layer: NumberedLayer;
  readonly files: readonly WantedFile[];
}

/** Queues files to search as they become known. */
async function listLayers(
  { stages, path, include, exclude }: FileSearchRequest,
  queue: LayerQueue<LayerTask>,
  events: SearchEvents,
  signal: AbortSignal,
): Promise<void> {
  const filter = pathFilter(include, exclude);
  for await (const { tree, layers } of stages(signal)) {
    const passes = ({ path: file }: MergedNode, layer: number): boolean => layers?.has(layer) !== false && filter(file);
    const wanted = [...(await wantedFiles(tree, tree.find(path), passes, signal))];
    const tasks = wanted.map(([layer, files]) => {
      const bytes = files.reduce((sum, { at }) => sum + layer.files.listing.size(at), 0);
      events.wants(files.length, bytes);
      return { layer, files, bytes };
    });
    // Largest first, so that no thread is left alone with it at the end.
    queue.add(...tasks.sort((one, other) => other.bytes - one.bytes));
  }
  events.listed();
  queue.close();
}

/** Turns a thread's report into events. */
function forward(
  { found, files, bytes }: SearchReport,
  searched: readonly WantedFile[],
  events: Pick<SearchEvents, 'found' | 'passed'>,
): void {
  for (const { piece, matches } of found) {
    const file = searched[piece];
    if (file) events.found(file, matches);
  }
  events.passed(files, bytes);
}
