import { Worker, type ResourceLimits } from 'node:worker_threads';
import type { Logger } from '../oci/logger.ts';
import type { Authorizer } from '../registry/auth/authorizer.ts';
import { breakPipe, type PipeMemory } from './bytePipe.ts';
import { WorkerCrashedError } from './layerErrors.ts';
import type { LayerProgress, TarJob, UnpackedLayer } from './layerJob.ts';
import type { JobKind, JobOf, ResultOf, ToHost, ToWorker } from './threadMessages.ts';
import { deserializeError, serializeError } from './errorTransfer.ts';

/** What a job needs from the host while it runs. */
export interface JobContext {
  readonly authorizer: Authorizer;
  readonly logger: Logger;
  readonly onProgress: (progress: LayerProgress) => void;
  readonly signal: AbortSignal;
}

/**
 * Through a proxy, every chunk from a socket is a new 64 KiB buffer outside the heap, freed only
 * when young objects are collected. A small young generation collects often, which keeps memory
 * some 40 MB lower and costs no time, since hardly anything young survives.
 */
const RESOURCES: ResourceLimits = { maxYoungGenerationSizeMb: 4 };

/** Milliseconds after which an idle thread ends, since it holds some tens of megabytes. */
const IDLE = 20_000;

/** Up to `size` threads, started when needed, with one job each. Further jobs wait. */
export class WorkerPool {
  readonly #script: URL;
  readonly #size: () => number;
  readonly #idle: Worker[] = [];
  readonly #timers = new Map<Worker, NodeJS.Timeout>();
  readonly #waiting: (() => void)[] = [];
  #busy = 0;

  /**
   * @param script the worker's module: `worker.js` of the bundle, `worker.ts` in plain Node
   * @param size the most threads at once; a function is called for every job
   */
  constructor(script: URL, size: number | (() => number)) {
    this.#script = script;
    this.#size = () => Math.max(1, typeof size === 'number' ? size : size());
  }

  /** Threads without a job, started or not. */
  get free(): number {
    return Math.max(0, this.#size() - this.#busy);
  }

  /**
   * Runs one job in a thread.
   * @throws what the job throws, with its class, and the signal's reason
   */
  async runJob<Kind extends JobKind>(kind: Kind, job: JobOf<Kind>, context: JobContext): Promise<ResultOf<Kind>> {
    await this.#turn(context.signal);
    try {
      return await this.#runOnThread(kind, job, context);
    } finally {
      this.#busy--;
      this.#waiting.shift()?.();
    }
  }

  /** Starts threads ahead of the first job. */
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

  /**
   * Runs a job's second thread, out of turn since the first one waits for it. Breaks the pipe at
   * the end, so that the first cannot wait for ever.
   */
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
    // `serveJob` handles the end of a busy thread; an idle one only must not be taken again.
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

/** Sends a job to a thread and answers its messages until it ends. */
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
