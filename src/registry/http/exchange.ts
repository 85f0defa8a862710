import type { HttpHeaders } from './headers.ts';
import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { Sink } from '../../oci/byteSource.ts';
import { decodeContent } from './contentEncoding.ts';

/**
 * An answer whose head has arrived. Its body waits for one of the four methods, one of which must
 * be called.
 */
export interface HttpResponse {
  readonly status: number;
  readonly headers: HttpHeaders;
  /** The address that answered, after redirects. */
  readonly url: string;
  /**
   * Delivers the body as it arrives. Rejects with what the sink threw, or with what broke the
   * connection.
   */
  into(sink: Sink): Promise<void>;
  /** Returns the whole body as sent, or undefined if it is longer than `limit` bytes. */
  bytes(limit: number): Promise<Uint8Array | undefined>;
  /**
   * Returns the whole body without its Content-Encoding, or undefined if it is longer than `limit`
   * bytes.
   */
  document(limit: number): Promise<Uint8Array | undefined>;
  /** Reads a short rest, to keep the connection; hangs up on a long one. */
  discard(): void;
}

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** A long request body. It can be sent again, after a redirect or a refusal. */
export interface Upload {
  /** Bytes. */
  readonly size: number;
  /** Starts reading it from its beginning. */
  open(): AsyncIterable<Uint8Array>;
}

export interface ExchangeOptions {
  readonly url: URL;
  readonly method: Method;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Upload | undefined;
  readonly firstByteTimeout: number;
  readonly idleTimeout: number;
}

/** Bytes that are cheaper to read than a new connection to make. */
const WORTH_DRAINING = 64 * 1024;

/**
 * Sends one request, without redirects and retries. Rejects with the signal's reason or undici's
 * error.
 */
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
      // A stream, because undici ends it when the server answers before it has read everything.
      body: typeof body === 'object' ? Readable.from(body.open(), { objectMode: false }) : (body ?? null),
      headersTimeout: options.firstByteTimeout,
      bodyTimeout: options.idleTimeout,
    },
    handler,
  );
  return handler.head;
}

/**
 * Receives undici's callbacks, and pauses the connection after the head until the body is wanted.
 */
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
      document: async limit => {
        const body = await this.#collect(limit);
        return body && decodeContent(body, headers, limit);
      },
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
    // undici frees the connection in the next turn of the event loop. A request sent before would
    // open another one.
    await new Promise(resolve => setImmediate(resolve));
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
