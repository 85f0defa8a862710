import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { fixAcrossLayers } from '../layers/unpack/fixAcrossLayers.ts';
import { InflateEngine } from '../layers/compression/inflate/engine.ts';
import { SpecialMaker } from '../layers/unpack/specialFiles.ts';
import { localPath } from '../layout/localAddress.ts';
import { LocalSources } from '../layout/localSources.ts';
import { RegistryClient } from '../registry/api/client.ts';
import { Transport } from '../registry/http/transport.ts';
import type { TransportOptions } from '../registry/http/transportOptions.ts';
import type { Logger } from '../oci/logger.ts';
import { Connections } from './connections.ts';
import { serializeError } from './errorTransfer.ts';
import { JobPort } from './jobPort.ts';
import type { LayerJob, LayerResult, TarJob } from './layerJob.ts';
import { lowerThreadPriority } from './lowerThreadPriority.ts';
import { runLayerJob } from './runLayerJob.ts';
import type { JobKind, OfJob, ResultOf, Starving, ThreadData, ToWorker, Work } from './threadMessages.ts';
import { unpackTar } from './unpackTar.ts';

interface UsedTransport {
  readonly transport: Transport;
  jobs: number;
}

/** The body of a worker thread: runs jobs, several at once while bytes are slow to come. */
class LayerWorker {
  readonly #port: MessagePort;
  readonly #jobs = new Map<number, JobPort>();
  readonly #connections: Connections;
  /** Kept between jobs, since the engine gets faster with use. */
  readonly #engine = InflateEngine.load();
  readonly #specials = new SpecialMaker();
  readonly #local = new LocalSources();
  /** By their options. Kept between jobs for their open connections. */
  readonly #transports = new Map<string, UsedTransport>();

  constructor(port: MessagePort, data: ThreadData) {
    this.#port = port;
    this.#connections = new Connections(data.connections, () => this.#starve());
  }

  listen(): void {
    this.#port.on('message', (message: OfJob<ToWorker>) => {
      if (message.type === 'start') void this.#runJob(message.work, message.number);
      else this.#jobs.get(message.number)?.receive(message);
    });
  }

  /** Asks for another layer, unless memory lacks for its inflate. */
  #starve(): void {
    if (this.#engine?.reserve(this.#jobs.size + 1) === false) return;
    this.#port.postMessage({ type: 'starving' } satisfies Starving);
  }

  async #runJob(work: Work, number: number): Promise<void> {
    const port = new JobPort(this.#port, number);
    this.#jobs.set(number, port);
    try {
      port.send({ type: 'done', result: await this.#do(work, port) });
    } catch (error) {
      port.send({ type: 'failed', error: serializeError(error) });
    } finally {
      this.#jobs.delete(number);
    }
  }

  async #do(work: Work, port: JobPort): Promise<ResultOf<JobKind>> {
    if (work.kind === 'finish') return fixAcrossLayers(work.job);
    if (work.kind === 'tar') return unpackTar(work.job, this.#specials);
    return await this.#layer(work.job, port);
  }

  async #layer(job: LayerJob, port: JobPort): Promise<LayerResult> {
    const { signal } = port;
    const tools = {
      engine: this.#engine,
      specials: this.#specials,
      unpackTar: (tar: TarJob) => port.unpackElsewhere(tar),
    };
    const run = { job, tools, onProgress: port.progress(), signal };
    const path = localPath(job.registry.url);
    if (path !== undefined) return await runLayerJob({ ...run, source: await this.#local.get(path, signal) });
    const used = this.#transportFor(job.transport);
    const client = new RegistryClient(job.registry, used.transport, port.authorizer(), port.logger());
    const end = this.#connections.begin(used.transport);
    used.jobs += 1;
    try {
      return await runLayerJob({ ...run, source: client.blobs(job.repository), connections: this.#connections });
    } finally {
      used.jobs -= 1;
      end();
    }
  }

  #transportFor(options: TransportOptions): UsedTransport {
    const key = JSON.stringify(options);
    for (const [other, { transport, jobs }] of this.#transports) {
      if (other === key || jobs > 0) continue;
      this.#transports.delete(other);
      void transport.close();
    }
    const used = this.#transports.get(key) ?? { transport: new Transport(options, this.#logger()), jobs: 0 };
    this.#transports.set(key, used);
    return used;
  }

  /** Logs with whichever job runs. */
  #logger(): Logger {
    const log = (level: keyof Logger) => (message: string) => [...this.#jobs.values()].at(-1)?.logger()[level](message);
    return { trace: log('trace'), debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
  }
}

if (parentPort) {
  lowerThreadPriority();
  const data: ThreadData = workerData;
  new LayerWorker(parentPort, data).listen();
}
