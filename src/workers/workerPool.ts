import { Worker, type ResourceLimits } from 'node:worker_threads';
import type { Logger } from '../oci/logger.ts';
import type { Authorizer } from '../registry/auth/authorizer.ts';
import { breakPipe, type PipeMemory } from './bytePipe.ts';
import { ConnectionBudget } from './connectionBudget.ts';
import { WorkerCrashedError } from './layerErrors.ts';
import type { LayerProgress, TarJob, UnpackedLayer } from './layerJob.ts';
import type {
  JobKind,
  JobOf,
  OfJob,
  ResultOf,
  Starving,
  ThreadData,
  ToHost,
  ToWorker,
  Work,
} from './threadMessages.ts';
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

/** A thread and its jobs. */
class Thread {
  readonly worker: Worker;
  jobs = 0;
  /** How many layers it downloads at once. Grows while it waits for bytes. */
  room = 1;
  /** Takes a tar from another thread's job, and blocks meanwhile. */
  isHelper = false;
  end: NodeJS.Timeout | undefined;

  constructor(worker: Worker) {
    this.worker = worker;
  }
}

/** A job waiting for a thread. */
interface Waiting {
  readonly kind: JobKind;
  readonly turn: PromiseWithResolvers<Thread>;
}

/**
 * Up to `size` threads, started when needed. Further jobs wait. A thread has one job, but when it
 * waits for bytes, the next layers' jobs join it, as far as there are connections for them.
 */
export class WorkerPool {
  readonly #script: URL;
  readonly #size: () => number;
  readonly #connections = new ConnectionBudget();
  readonly #threads = new Set<Thread>();
  readonly #waiting: Waiting[] = [];
  #layers = 0;
  #jobs = 0;

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
    const thread = await this.#turn(kind, context.signal);
    try {
      return await this.#runOn(thread, kind, job, context);
    } finally {
      if (kind === 'layer') this.#endLayer();
      this.#serveWaiting();
    }
  }

  /** Starts threads ahead of the first job. */
  prepare(threads = 1): void {
    while (this.#threads.size < threads) this.#rest(this.#start());
  }

  /** Ends every thread without a job. */
  async dispose(): Promise<void> {
    const idle = [...this.#threads].filter(({ jobs }) => jobs === 0);
    await Promise.all(idle.map(thread => this.#terminate(thread)));
  }

  get #busy(): number {
    return [...this.#threads].filter(({ jobs, isHelper }) => jobs > 0 && !isHelper).length;
  }

  async #turn(kind: JobKind, signal: AbortSignal): Promise<Thread> {
    signal.throwIfAborted();
    const turn = Promise.withResolvers<Thread>();
    const waiting = { kind, turn };
    const onAbort = () => {
      const at = this.#waiting.indexOf(waiting);
      if (at === -1) return;
      this.#waiting.splice(at, 1);
      turn.reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    this.#waiting.push(waiting);
    this.#serveWaiting();
    return await turn.promise.finally(() => signal.removeEventListener('abort', onAbort));
  }

  #serveWaiting(): void {
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      const thread = this.#threadFor(next.kind);
      if (!thread) break;
      this.#waiting.shift();
      thread.jobs += 1;
      if (next.kind === 'layer') this.#beginLayer();
      next.turn.resolve(thread);
    }
    this.#connections.waiting = this.#waiting.filter(({ kind }) => kind === 'layer').length;
  }

  #threadFor(kind: JobKind): Thread | undefined {
    if (this.#busy < this.#size()) return this.#idleThread();
    if (kind !== 'layer' || !this.#connections.hasRoom) return undefined;
    return [...this.#threads].find(({ jobs, room, isHelper }) => jobs > 0 && jobs < room && !isHelper);
  }

  #beginLayer(): void {
    this.#layers += 1;
    this.#connections.use();
  }

  #endLayer(): void {
    this.#layers -= 1;
    this.#connections.release();
    if (this.#layers === 0) this.#connections.reset();
  }

  async #runOn<Kind extends JobKind>(
    thread: Thread,
    kind: Kind,
    job: JobOf<Kind>,
    context: JobContext,
  ): Promise<ResultOf<Kind>> {
    const number = ++this.#jobs;
    try {
      return await serveJob(thread.worker, number, kind, job, context, tar => this.#unpackTar(tar, context));
    } catch (error) {
      if (error instanceof WorkerCrashedError) void this.#terminate(thread);
      throw error;
    } finally {
      thread.jobs -= 1;
      if (thread.jobs === 0 && this.#threads.has(thread)) this.#rest(thread);
    }
  }

  /**
   * Runs a job's second thread, out of turn since the first one waits for it. Breaks the pipe at
   * the end, so that the first cannot wait for ever.
   */
  async #unpackTar(job: TarJob, context: JobContext): Promise<UnpackedLayer> {
    const thread = this.#idleThread();
    thread.jobs += 1;
    thread.isHelper = true;
    try {
      return await this.#runOn(thread, 'tar', job, context);
    } finally {
      breakPipe(job.pipe);
    }
  }

  #idleThread(): Thread {
    const thread = [...this.#threads].findLast(({ jobs }) => jobs === 0) ?? this.#start();
    clearTimeout(thread.end);
    thread.worker.ref();
    return thread;
  }

  #start(): Thread {
    const workerData: ThreadData = { connections: this.#connections.memory };
    const worker = new Worker(this.#script, { resourceLimits: RESOURCES, workerData });
    const thread = new Thread(worker);
    this.#threads.add(thread);
    // Each job has listeners of its own.
    worker.setMaxListeners(0);
    worker.on('message', ({ type }: ToHost | Starving) => {
      if (type !== 'starving' || thread.jobs < thread.room) return;
      thread.room = thread.jobs + 1;
      this.#serveWaiting();
    });
    // `serveJob` handles the end of a busy thread; an idle one only must not be taken again.
    worker.on('error', () => undefined);
    worker.on('exit', () => this.#forget(thread));
    return thread;
  }

  #forget(thread: Thread): void {
    this.#threads.delete(thread);
    clearTimeout(thread.end);
  }

  async #terminate(thread: Thread): Promise<void> {
    this.#forget(thread);
    await thread.worker.terminate();
  }

  #rest(thread: Thread): void {
    thread.worker.unref();
    thread.room = 1;
    thread.isHelper = false;
    thread.end = setTimeout(() => void this.#terminate(thread), IDLE).unref();
  }
}

/** Sends a job to a thread and answers its messages until it ends. */
async function serveJob<Kind extends JobKind>(
  worker: Worker,
  number: number,
  kind: Kind,
  job: JobOf<Kind>,
  context: JobContext,
  unpackTar: (job: TarJob) => Promise<UnpackedLayer>,
): Promise<ResultOf<Kind>> {
  const { signal } = context;
  const pipes: PipeMemory[] = [];
  const unpackings: Promise<void>[] = [];
  const send = (message: ToWorker | ToWorker<Kind>) => worker.postMessage({ ...message, number });
  const outcome = Promise.withResolvers<ResultOf<Kind>>();
  const onMessage = (message: OfJob<ToHost<Kind>> | Starving) => {
    if (message.type === 'starving' || message.number !== number) return;
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
  const work: Work<Kind> = { kind, job };
  send({ type: 'start', work });
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
