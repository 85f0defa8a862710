import { parentPort, type MessagePort } from 'node:worker_threads';
import type { Authorizer } from '../registry/auth/authorizer.ts';
import { fixAcrossLayers } from '../layers/unpack/fixAcrossLayers.ts';
import { InflateEngine } from '../layers/compression/inflate/engine.ts';
import { SpecialMaker } from '../layers/unpack/specialFiles.ts';
import { localPath } from '../layout/localAddress.ts';
import { LocalSources } from '../layout/localSources.ts';
import { RegistryClient } from '../registry/api/client.ts';
import { Transport } from '../registry/http/transport.ts';
import type { TransportOptions } from '../registry/http/transportOptions.ts';
import type { Logger } from '../oci/logger.ts';
import type { LayerJob, LayerProgress, LayerResult, TarJob, UnpackedLayer } from './layerJob.ts';
import { lowerThreadPriority } from './lowerThreadPriority.ts';
import { runLayerJob } from './runLayerJob.ts';
import type { Tools } from './unpacking.ts';
import { unpackTar } from './unpackTar.ts';
import { deserializeError, serializeError } from './errorTransfer.ts';
import type { JobKind, Question, ResultOf, ToHost, ToWorker, Work } from './threadMessages.ts';

/**
 * The body of a worker thread: runs one job after the other and asks the host for authorization
 * headers.
 */
class LayerWorker {
  readonly #port: MessagePort;
  readonly #asks = new Map<number, PromiseWithResolvers<string | undefined>>();
  #lastAsk = 0;
  /** The result of the thread that unpacks this job's tar. */
  #secondThread: PromiseWithResolvers<UnpackedLayer> | undefined;
  #abort = new AbortController();
  /** Kept between jobs, since the engine gets faster with use. */
  readonly #tools: Tools = {
    engine: InflateEngine.load(),
    specials: new SpecialMaker(),
    unpackTar: job => this.#unpackElsewhere(job),
  };
  readonly #local = new LocalSources();
  /** Kept between jobs for its open connections. */
  #transport: { readonly key: string; readonly transport: Transport } | undefined;

  constructor(port: MessagePort) {
    this.#port = port;
  }

  listen(): void {
    this.#port.on('message', (message: ToWorker) => this.#receive(message));
  }

  #receive(message: ToWorker): void {
    switch (message.type) {
      case 'start':
        void this.#runJob(message.work);
        break;
      case 'abort':
        this.#abort.abort();
        break;
      case 'answer':
        this.#take(message.ask)?.resolve(message.header);
        break;
      case 'refuse':
        this.#take(message.ask)?.reject(deserializeError(message.error));
        break;
      case 'tarUnpacked':
        this.#secondThread?.resolve(message.layer);
        break;
      case 'tarFailed':
        this.#secondThread?.reject(deserializeError(message.error));
        break;
    }
  }

  async #runJob(work: Work): Promise<void> {
    this.#abort = new AbortController();
    try {
      this.#send({ type: 'done', result: await this.#do(work) });
    } catch (error) {
      this.#send({ type: 'failed', error: serializeError(error) });
    }
  }

  async #do(work: Work): Promise<ResultOf<JobKind>> {
    if (work.kind === 'finish') return fixAcrossLayers(work.job);
    if (work.kind === 'tar') return unpackTar(work.job, this.#tools.specials);
    return await this.#layer(work.job);
  }

  async #layer(job: LayerJob): Promise<LayerResult> {
    const { signal } = this.#abort;
    const path = localPath(job.registry.url);
    const blobs = path === undefined ? this.#client(job).blobs(job.repository) : await this.#local.get(path, signal);
    return await runLayerJob({ job, source: blobs, tools: this.#tools, onProgress: this.#progress(), signal });
  }

  #client({ registry, transport }: LayerJob): RegistryClient {
    return new RegistryClient(registry, this.#transportFor(transport), this.#authorizer(), this.#logger());
  }

  #transportFor(options: TransportOptions): Transport {
    const key = JSON.stringify(options);
    if (this.#transport?.key !== key) {
      void this.#transport?.transport.close();
      this.#transport = { key, transport: new Transport(options, this.#logger()) };
    }
    return this.#transport.transport;
  }

  #authorizer(): Authorizer {
    return {
      authorization: (request, signal) => this.#ask({ request }, signal),
      challenged: (request, challenges, used, signal) =>
        this.#ask({ request, challenges, ...(used === undefined ? {} : { used }) }, signal),
    };
  }

  async #ask(question: Question, signal: AbortSignal): Promise<string | undefined> {
    signal.throwIfAborted();
    const ask = ++this.#lastAsk;
    const answer = Promise.withResolvers<string | undefined>();
    this.#asks.set(ask, answer);
    const onAbort = () => this.#take(ask)?.reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    this.#send({ type: 'ask', ask, question });
    return await answer.promise.finally(() => signal.removeEventListener('abort', onAbort));
  }

  #take(ask: number): PromiseWithResolvers<string | undefined> | undefined {
    const answer = this.#asks.get(ask);
    this.#asks.delete(ask);
    return answer;
  }

  async #unpackElsewhere(job: TarJob): Promise<UnpackedLayer> {
    this.#secondThread = Promise.withResolvers();
    this.#send({ type: 'unpackTar', job });
    return await this.#secondThread.promise;
  }

  /** Sends at most ten messages a second, to spare the host. */
  #progress(): (progress: LayerProgress) => void {
    let next = 0;
    return progress => {
      const now = performance.now();
      if (now < next && !progress.found) return;
      next = now + 100;
      this.#send({ type: 'progress', progress });
    };
  }

  #logger(): Logger {
    const log = (level: keyof Logger) => (message: string) => this.#send({ type: 'log', level, message });
    return { trace: log('trace'), debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
  }

  #send(message: ToHost): void {
    this.#port.postMessage(message);
  }
}

if (parentPort) {
  lowerThreadPriority();
  new LayerWorker(parentPort).listen();
}
