import { Worker } from 'node:worker_threads';
import { WorkerCrashedError } from '../workers/layerErrors.ts';
import { unwireError } from '../workers/errorTransfer.ts';
import type { SearchJob, SearchMessage } from './searchJob.ts';

/** What a thread tells of its work. */
export type Told = Omit<Extract<SearchMessage, { type: 'found' }>, 'type'>;

/** A thread that searches one layer after the other. It is started with its first job, and ended whatever it does: a regular expression cannot be interrupted otherwise. */
export class SearchThread {
  readonly #script: URL;
  #worker: Worker | undefined;

  /** @param script `searchWorker.js` of the bundle, `searchWorker.ts` in plain Node */
  constructor(script: URL) {
    this.#script = script;
  }

  /** `job.pieces` is handed over. @throws what reading the layer throws; {@link WorkerCrashedError}; the signal's reason */
  async search(job: SearchJob, onTold: (told: Told) => void, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#worker ??= new Worker(this.#script);
    const worker = this.#worker;
    const outcome = Promise.withResolvers<void>();
    const onMessage = (message: SearchMessage): void => {
      if (message.type === 'found') onTold(message);
      else if (message.type === 'done') outcome.resolve();
      else outcome.reject(unwireError(message.error));
    };
    const onEnd = (cause: unknown): void => outcome.reject(new WorkerCrashedError({ cause }));
    const onAbort = (): void => outcome.reject(signal.reason);
    worker.on('message', onMessage).on('error', onEnd).on('exit', onEnd);
    signal.addEventListener('abort', onAbort, { once: true });
    worker.postMessage(job, [job.pieces.buffer]);
    try {
      await outcome.promise;
    } catch (error) {
      // It may still be at work.
      this.end();
      throw error;
    } finally {
      worker.off('message', onMessage).off('error', onEnd).off('exit', onEnd);
      signal.removeEventListener('abort', onAbort);
    }
  }

  end(): void {
    // A thread that fails while it is ended is of no interest.
    this.#worker?.on('error', () => undefined);
    void this.#worker?.terminate();
    this.#worker = undefined;
  }
}
