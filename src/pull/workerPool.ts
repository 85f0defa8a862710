import { Worker } from 'node:worker_threads';
import type { Logger } from '../oci/logger.ts';
import type { Authorizer } from '../registry/authorizer.ts';
import { WorkerCrashedError } from './layerErrors.ts';
import type { LayerJob, LayerProgress, LayerResult } from './layerJob.ts';
import type { ToHost, ToWorker } from './wire.ts';
import { unwireError, wireError } from './wiredError.ts';

/** What a job needs of the host while it runs. */
export interface JobContext {
  readonly authorizer: Authorizer;
  readonly logger: Logger;
  readonly onProgress: (progress: LayerProgress) => void;
  readonly signal: AbortSignal;
}

/** A thread that nobody needed for so long is ended: it holds some tens of megabytes. Milliseconds. */
const IDLE = 20_000;

/** Threads for layer jobs: started when first needed, as many as `size`, each with one job at a time; who finds none free waits its turn. */
export class WorkerPool {
  readonly #script: URL;
  readonly #size: number;
  readonly #idle: Worker[] = [];
  readonly #timers = new Map<Worker, NodeJS.Timeout>();
  readonly #waiting: (() => void)[] = [];
  #busy = 0;

  /** @param script the worker's module: `worker.js` of the bundle, `worker.ts` in plain Node */
  constructor(script: URL, size: number) {
    this.#script = script;
    this.#size = Math.max(1, size);
  }

  /** Runs one job. @throws what the job throws, as the same class; the signal's reason when it aborts */
  async run(job: LayerJob, context: JobContext): Promise<LayerResult> {
    await this.#turn(context.signal);
    const worker = this.#take();
    try {
      const result = await runOn(worker, job, context);
      this.#rest(worker);
      return result;
    } catch (error) {
      if (error instanceof WorkerCrashedError) void worker.terminate();
      else this.#rest(worker);
      throw error;
    } finally {
      this.#busy--;
      this.#waiting.shift()?.();
    }
  }

  /** Ends every thread. */
  async dispose(): Promise<void> {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    await Promise.all(this.#idle.splice(0).map(worker => worker.terminate()));
  }

  async #turn(signal: AbortSignal): Promise<void> {
    while (this.#busy >= this.#size) {
      await new Promise<void>(resolve => {
        this.#waiting.push(resolve);
      });
    }
    if (signal.aborted) this.#waiting.shift()?.();
    signal.throwIfAborted();
    this.#busy++;
  }

  #take(): Worker {
    const worker = this.#idle.pop();
    if (!worker) return new Worker(this.#script).on('error', () => {}); // Whoever has a job there hears of it; an idle one's end harms nobody.
    clearTimeout(this.#timers.get(worker));
    this.#timers.delete(worker);
    worker.ref();
    return worker;
  }

  #rest(worker: Worker): void {
    worker.unref();
    this.#idle.push(worker);
    const end = () => {
      this.#idle.splice(this.#idle.indexOf(worker), 1);
      this.#timers.delete(worker);
      void worker.terminate();
    };
    this.#timers.set(worker, setTimeout(end, IDLE).unref());
  }
}

/** Hands a job to a thread and serves it until it ends. */
async function runOn(worker: Worker, job: LayerJob, context: JobContext): Promise<LayerResult> {
  const { signal } = context;
  const send = (message: ToWorker) => worker.postMessage(message);
  const outcome = Promise.withResolvers<LayerResult>();
  const onMessage = (message: ToHost) => {
    if (message.type === 'progress') context.onProgress(message.progress);
    else if (message.type === 'log') context.logger[message.level](message.message);
    else if (message.type === 'ask') void answer(message, context, send);
    else if (message.type === 'done') outcome.resolve(message.result);
    else outcome.reject(signal.aborted ? signal.reason : unwireError(message.error));
  };
  const onEnd = (cause: unknown) => outcome.reject(new WorkerCrashedError({ cause }));
  const onAbort = () => send({ type: 'abort' });
  worker.on('message', onMessage).on('error', onEnd).on('exit', onEnd);
  signal.addEventListener('abort', onAbort, { once: true });
  send({ type: 'run', job });
  if (signal.aborted) onAbort();
  try {
    return await outcome.promise;
  } finally {
    worker.off('message', onMessage).off('error', onEnd).off('exit', onEnd);
    signal.removeEventListener('abort', onAbort);
  }
}

async function answer(
  { ask, question }: Extract<ToHost, { type: 'ask' }>,
  { authorizer, signal }: JobContext,
  send: (message: ToWorker) => void,
): Promise<void> {
  const { request, challenges, used } = question;
  try {
    const header = challenges
      ? await authorizer.challenged(request, challenges, used, signal)
      : await authorizer.authorization(request, signal);
    send({ type: 'answer', ask, ...(header === undefined ? {} : { header }) });
  } catch (error) {
    send({ type: 'refuse', ask, error: wireError(error) });
  }
}
