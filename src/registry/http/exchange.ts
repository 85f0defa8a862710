import type { Dispatcher } from 'undici';
import type { Sink } from '../../oci/byteSource.ts';

/** Header names in lower case. */
export type HttpHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** An answer whose head has come. Its body waits until one of the three is called, and one must be. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: HttpHeaders;
  /** The address that answered in the end. */
  readonly url: string;
  /** Delivers the body in the callback that takes it from the socket. Rejects with what the sink threw, or with what broke the connection. */
  into(sink: Sink): Promise<void>;
  /** The whole body; undefined when it is longer than `limit` bytes, and the rest is not read. */
  bytes(limit: number): Promise<Uint8Array | undefined>;
  /** Reads a short rest so that the connection can be used again; hangs up on a long one. */
  discard(): void;
}

export interface ExchangeOptions {
  readonly url: URL;
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly firstByteTimeout: number;
  readonly idleTimeout: number;
}

/** Rests up to this length are cheaper to read than a new connection. */
const WORTH_DRAINING = 64 * 1024;

/** One request and its answer over a dispatcher, without redirects and retries. Rejects with the signal's reason, or with undici's error. */
export async function exchange(
  dispatcher: Dispatcher,
  options: ExchangeOptions,
  signal: AbortSignal,
): Promise<HttpResponse> {
  signal.throwIfAborted();
  const { url, method, headers, body } = options;
  const handler = new ResponseHandler(url.href, signal);
  dispatcher.dispatch(
    {
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method,
      headers,
      body: body ?? null,
      headersTimeout: options.firstByteTimeout,
      bodyTimeout: options.idleTimeout,
    },
    handler,
  );
  return handler.head;
}

/** Receives undici's callbacks, and pauses the connection between head and body until somebody wants the body. */
class ResponseHandler implements Dispatcher.DispatchHandler {
  readonly head: Promise<HttpResponse>;
  readonly #end = Promise.withResolvers<void>();
  readonly #start = Promise.withResolvers<HttpResponse>();
  readonly #url: string;
  readonly #signal: AbortSignal;
  readonly #onAbort: () => void;
  #controller: Dispatcher.DispatchController | undefined;
  #sink: Sink | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(url: string, signal: AbortSignal) {
    this.#url = url;
    this.#signal = signal;
    this.head = this.#start.promise;
    this.#end.promise.catch(() => undefined);
    this.#onAbort = () => this.#hangUp(signal.reason);
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#failure) controller.abort(asError(this.#failure.error));
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: HttpHeaders): void {
    if (status < 200) return;
    controller.pause();
    this.#start.resolve({
      status,
      headers,
      url: this.#url,
      into: sink => this.#consume(sink),
      bytes: limit => this.#collect(limit),
      discard: () => this.#discard(),
    });
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    if (this.#failure) return;
    try {
      this.#sink?.write(chunk);
    } catch (error) {
      this.#hangUp(error);
    }
  }

  onResponseEnd(): void {
    this.#settle();
    this.#end.resolve();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(this.#failure ? this.#failure.error : error);
  }

  #consume(sink: Sink): Promise<void> {
    this.#sink = sink;
    this.#controller?.resume();
    return this.#end.promise;
  }

  async #collect(limit: number): Promise<Uint8Array | undefined> {
    const chunks: Uint8Array[] = [];
    const full = new Error('longer than wanted');
    let length = 0;
    try {
      await this.#consume({
        write(chunk) {
          length += chunk.length;
          if (length > limit) throw full;
          chunks.push(Uint8Array.from(chunk));
        },
      });
    } catch (error) {
      if (error === full) return undefined;
      throw error;
    }
    return Buffer.concat(chunks);
  }

  #discard(): void {
    let length = 0;
    const counter: Sink = {
      write(chunk) {
        length += chunk.length;
        if (length > WORTH_DRAINING) throw new Error('not worth reading');
      },
    };
    this.#consume(counter).catch(() => undefined);
  }

  #hangUp(error: unknown): void {
    this.#fail(error);
    if (this.#controller && !this.#controller.aborted) this.#controller.abort(asError(error));
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#settle();
    this.#start.reject(this.#failure.error);
    this.#end.reject(this.#failure.error);
  }

  #settle(): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
