import { Worker, type Transferable } from 'node:worker_threads';
import { deserializeError, type ErrorClass } from './errorTransfer.ts';
import type { JobMessage } from './jobLoop.ts';
import { WorkerCrashedError } from './layerErrors.ts';

/**
 * A thread that does one job after another; its script calls `serveJobs`. It starts with its first
 * job, and is terminated to cancel one, since nothing else interrupts a regular expression or a
 * parser.
 */
export class JobThread<Job, Report> {
  readonly #script: URL;
  readonly #errors: Readonly<Record<string, ErrorClass>>;
  #worker: Worker | undefined;

  /**
   * @param script in the bundle, or the `.ts` file in plain Node
   * @param errors classes that only this thread throws, by name
   */
  constructor(script: URL, errors: Readonly<Record<string, ErrorClass>> = {}) {
    this.#script = script;
    this.#errors = errors;
  }

  /**
   * Does a job.
   * @param transfer parts of the job that are moved rather than copied
   * @throws what the job throws; {@link WorkerCrashedError}; the signal's reason
   */
  async run(
    job: Job,
    transfer: readonly Transferable[],
    onReport: (report: Report) => void,
    signal: AbortSignal,
  ): Promise<void> {
    signal.throwIfAborted();
    this.#worker ??= new Worker(this.#script);
    const worker = this.#worker;
    const outcome = Promise.withResolvers<void>();
    const onMessage = (message: JobMessage<Report>): void => {
      if (message.type === 'report') onReport(message.report);
      else if (message.type === 'done') outcome.resolve();
      else outcome.reject(deserializeError(message.error, this.#errors));
    };
    const onEnd = (cause: unknown): void => outcome.reject(new WorkerCrashedError({ cause }));
    const onAbort = (): void => outcome.reject(signal.reason);
    worker.on('message', onMessage).on('error', onEnd).on('exit', onEnd);
    signal.addEventListener('abort', onAbort, { once: true });
    worker.postMessage(job, transfer);
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
