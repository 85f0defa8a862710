import { Worker } from 'node:worker_threads';
import { WorkerCrashedError } from '../workers/layerErrors.ts';
import { deserializeError } from '../workers/errorTransfer.ts';
import { InvalidQueryError } from './query.ts';
import { DamagedBlobError, type SearchJob, type SearchMessage } from './searchJob.ts';

/** Error classes of this room, which {@link deserializeError} does not know. */
export const SEARCH_ERRORS = { DamagedBlobError, InvalidQueryError };

/** A report of matches and progress. */
export type SearchReport = Omit<Extract<SearchMessage, { type: 'found' }>, 'type'>;

/**
 * A thread that searches one layer after another. It starts with its first job, and is terminated
 * to cancel one, since nothing else interrupts a regular expression.
 */
export class SearchThread {
  readonly #script: URL;
  #worker: Worker | undefined;

  /** @param script `searchWorker.js` of the bundle, `searchWorker.ts` in plain Node */
  constructor(script: URL) {
    this.#script = script;
  }

  /**
   * Searches a layer. Transfers `job.pieces` to the thread.
   * @throws what reading the layer throws; {@link WorkerCrashedError}; the signal's reason
   */
  async search(job: SearchJob, onReport: (report: SearchReport) => void, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#worker ??= new Worker(this.#script);
    const worker = this.#worker;
    const outcome = Promise.withResolvers<void>();
    const onMessage = (message: SearchMessage): void => {
      if (message.type === 'found') onReport(message);
      else if (message.type === 'done') outcome.resolve();
      else outcome.reject(deserializeError(message.error, SEARCH_ERRORS));
    };
    const onEnd = (cause: unknown): void => outcome.reject(new WorkerCrashedError({ cause }));
    const onAbort = (): void => outcome.reject(signal.reason);
    worker.on('message', onMessage).on('error', onEnd).on('exit', onEnd);
    signal.addEventListener('abort', onAbort, { once: true });
    worker.postMessage(job, [job.pieces.buffer]);
    try {
      await outcome.promise;
    } catch (error) {
      // It may still be working.
      this.end();
      throw error;
    } finally {
      worker.off('message', onMessage).off('error', onEnd).off('exit', onEnd);
      signal.removeEventListener('abort', onAbort);
    }
  }

  end(): void {
    // Ignore failures during termination.
    this.#worker?.on('error', () => undefined);
    void this.#worker?.terminate();
    this.#worker = undefined;
  }
}
