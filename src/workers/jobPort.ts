import type { MessagePort } from 'node:worker_threads';
import type { Logger } from '../oci/logger.ts';
import type { Authorizer } from '../registry/auth/authorizer.ts';
import { deserializeError } from './errorTransfer.ts';
import type { LayerProgress, TarJob, UnpackedLayer } from './layerJob.ts';
import type { OfJob, Question, ToHost, ToWorker } from './threadMessages.ts';

/** One job's messages with the host: authorization, progress, its log and its second thread. */
export class JobPort {
  readonly #port: MessagePort;
  readonly #number: number;
  readonly #abort = new AbortController();
  readonly #asks = new Map<number, PromiseWithResolvers<string | undefined>>();
  #lastAsk = 0;
  /** The result of the thread that unpacks this job's tar. */
  #secondThread: PromiseWithResolvers<UnpackedLayer> | undefined;

  constructor(port: MessagePort, number: number) {
    this.#port = port;
    this.#number = number;
  }

  /** Aborts when the host cancels the job. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Handles the host's messages, except the one that starts the job. */
  receive(message: Exclude<ToWorker, { readonly type: 'start' }>): void {
    switch (message.type) {
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

  send(message: ToHost): void {
    this.#port.postMessage({ ...message, number: this.#number } satisfies OfJob<ToHost>);
  }

  /** Asks the host for headers. */
  authorizer(): Authorizer {
    return {
      authorization: (request, signal) => this.#ask({ request }, signal),
      challenged: (request, challenges, used, signal) =>
        this.#ask({ request, challenges, ...(used === undefined ? {} : { used }) }, signal),
    };
  }

  async unpackElsewhere(job: TarJob): Promise<UnpackedLayer> {
    this.#secondThread = Promise.withResolvers();
    this.send({ type: 'unpackTar', job });
    return await this.#secondThread.promise;
  }

  /** Sends at most ten messages a second, to spare the host. */
  progress(): (progress: LayerProgress) => void {
    let next = 0;
    return progress => {
      const now = performance.now();
      if (now < next && !progress.found) return;
      next = now + 100;
      this.send({ type: 'progress', progress });
    };
  }

  logger(): Logger {
    const log = (level: keyof Logger) => (message: string) => this.send({ type: 'log', level, message });
    return { trace: log('trace'), debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
  }

  async #ask(question: Question, signal: AbortSignal): Promise<string | undefined> {
    signal.throwIfAborted();
    const ask = ++this.#lastAsk;
    const answer = Promise.withResolvers<string | undefined>();
    this.#asks.set(ask, answer);
    const onAbort = () => this.#take(ask)?.reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    this.send({ type: 'ask', ask, question });
    return await answer.promise.finally(() => signal.removeEventListener('abort', onAbort));
  }

  #take(ask: number): PromiseWithResolvers<string | undefined> | undefined {
    const answer = this.#asks.get(ask);
    this.#asks.delete(ask);
    return answer;
  }
}
