import { Worker, type ResourceLimits } from 'node:worker_threads';
import type { Logger } from '../oci/logger.ts';
import type { Authorizer } from '../registry/auth/authorizer.ts';
import { breakPipe, type PipeMemory } from './bytePipe.ts';
import { WorkerCrashedError } from './layerErrors.ts';
import type { LayerProgress, TarJob, UnpackedLayer } from './layerJob.ts';
import type { JobKind, JobOf, ResultOf, ToHost, ToWorker } from './threadMessages.ts';
import { deserializeError, serializeError } from './errorTransfer.ts';

/** What a job needs of the host while it runs. */
export interface JobContext {
  readonly authorizer: Authorizer;
  readonly logger: Logger;
  readonly onProgress: (progress: LayerProgress) => void;
  readonly signal: AbortSignal;
}

/**
 * Through a proxy, every chunk from a socket is a new buffer of 64 KiB outside the heap, which goes only when young objects are collected: often, for the memory to stay flat. That saves
 * some 40 MB and costs no time, for hardly anything young lives on.
 */
const RESOURCES: ResourceLimits = { maxYoungGenerationSizeMb: 4 };

/** A thread that nobody needed for so long is ended: it holds some tens of megabytes. Milliseconds. */
const IDLE = 20_000;

/** Threads for the heavy work: started when first needed, as many as `size`, each with one job at a time; who finds none free waits its turn. */
export class WorkerPool {
  readonly #script: URL;
  readonly #size: () => number;
  readonly #idle: Worker[] = [];
  readonly #timers = new Map<Worker, NodeJS.Timeout>();
  readonly #waiting: (() => void)[] = [];
  #busy = 0;

  /**
   * @param script the worker's module: `worker.js` of the bundle, `worker.ts` in plain Node
   * @param size how many threads at once; a function is asked anew for every job
   */
  constructor(script: URL, size: number | (() => number)) {
    this.#script = script;
    this.#size = () => Math.max(1, typeof size === 'number' ? size : size());
  }

  /** Threads that nobody has a job for. */
  get free(): number {
    return Math.max(0, this.#size() - this.#busy);
  }

  /** Runs one job. @throws what the job throws, as the same class; the signal's reason when it aborts */
  async runJob<Kind extends JobKind>(kind: Kind, job: JobOf<Kind>, context: JobContext): Promise<ResultOf<Kind>> {
    await this.#turn(context.signal);
    try {
      return await this.#runOnThread(kind, job, context);
    } finally {
      this.#busy--;
      this.#waiting.shift()?.();
    }
  }

  /** Work is coming: starts threads, if there are none, which are then ready when the first job is. */
  prepare(threads = 1): void {
    while (this.#busy + this.#idle.length < threads) this.#rest(this.#start());
  }

  /** Ends every thread. */
  async dispose(): Promise<void> {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    await Promise.all(this.#idle.splice(0).map(worker => worker.terminate()));
  }

  async #turn(signal: AbortSignal): Promise<void> {
    while (this.#busy >= this.#size()) {
      await new Promise<void>(resolve => {
        this.#waiting.push(resolve);
      });
    }
    if (signal.aborted) this.#waiting.shift()?.();
    signal.throwIfAborted();
    this.#busy++;
  }

  async #runOnThread<Kind extends JobKind>(kind: Kind, job: JobOf<Kind>, context: JobContext): Promise<ResultOf<Kind>> {
    const worker = this.#take();
    try {
      const result = await serveJob(worker, kind, job, context, tar => this.#unpackTar(tar, context));
      this.#rest(worker);
      return result;
    } catch (error) {
      if (error instanceof WorkerCrashedError) void worker.terminate();
      else this.#rest(worker);
      throw error;
    }
  }

  /** A job's second thread does not wait for its turn: the first one waits for it. However it ends, nobody is left waiting at the pipe. */
  async #unpackTar(job: TarJob, context: JobContext): Promise<UnpackedLayer> {
    try {
      return await this.#runOnThread('tar', job, context);
    } finally {
      breakPipe(job.pipe);
    }
  }

  #take(): Worker {
    const worker = this.#idle.pop();
    if (!worker) return this.#start();
    clearTimeout(this.#timers.get(worker));
    this.#timers.delete(worker);
    worker.ref();
    return worker;
  }

  #start(): Worker {
    const worker = new Worker(this.#script, { resourceLimits: RESOURCES });
    // Whoever has a job there hears of its end; an idle one's harms nobody, but it must not be taken again.
    worker.on('error', () => undefined);
    worker.on('exit', () => this.#forget(worker));
    return worker;
  }

  #forget(worker: Worker): void {
    const at = this.#idle.indexOf(worker);
    if (at !== -1) this.#idle.splice(at, 1);
    clearTimeout(this.#timers.get(worker));
    this.#timers.delete(worker);
  }

  #rest(worker: Worker): void {
    worker.unref();
    this.#idle.push(worker);
    const end = () => {
      this.#forget(worker);
      void worker.terminate();
    };
    this.#timers.set(worker, setTimeout(end, IDLE).unref());
  }
}

/** Hands a job to a thread and serves it until it ends. */
async function serveJob<Kind extends JobKind>(
  worker: Worker,
  kind: Kind,
  job: JobOf<Kind>,
  context: JobContext,
  unpackTar: (job: TarJob) => Promise<UnpackedLayer>,
): Promise<ResultOf<Kind>> {
  const { signal } = context;
  const pipes: PipeMemory[] = [];
  const unpackings: Promise<void>[] = [];
  const send = (message: ToWorker) => worker.postMessage(message);
  const outcome = Promise.withResolvers<ResultOf<Kind>>();
  const onMessage = (message: ToHost<Kind>) => {
    if (message.type === 'progress') context.onProgress(message.progress);
    else if (message.type === 'log') context.logger[message.level](message.message);
    else if (message.type === 'ask') void answer(message, context, send);
    else if (message.type === 'unpackTar') {
      pipes.push(message.job.pipe);
      const unpacking = unpackTar(message.job).then(
        layer => send({ type: 'tarUnpacked', layer }),
        (error: unknown) => send({ type: 'tarFailed', error: serializeError(error) }),
      );
      unpackings.push(unpacking);
    } else if (message.type === 'done') outcome.resolve(message.result);
    else outcome.reject(signal.aborted ? signal.reason : deserializeError(message.error));
  };
  const onEnd = (cause: unknown) => outcome.reject(new WorkerCrashedError({ cause }));
  const onAbort = () => send({ type: 'abort' });
  worker.on('message', onMessage).on('error', onEnd).on('exit', onEnd);
  signal.addEventListener('abort', onAbort, { once: true });
  worker.postMessage({ type: 'start', work: { kind, job } });
  if (signal.aborted) onAbort();
  try {
    return await outcome.promise;
  } finally {
    for (const pipe of pipes) breakPipe(pipe);
    await Promise.all(unpackings);
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
    send({ type: 'refuse', ask, error: serializeError(error) });
  }
}
