import type { Sink } from '../../oci/byteSource.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import { SizeMismatchError } from '../../oci/mismatchErrors.ts';
import { blobQuestion, type Answer, type Asker } from './asker.ts';
import type { Endpoint } from '../config.ts';
import { ConnectionLostError, hostOf, RegistryError, WrongRangeError, type Where } from '../errors.ts';
import type { HttpResponse } from '../http/exchange.ts';
import { parseContentRange, headerOf } from '../http/headers.ts';
import { networkError } from '../http/networkErrors.ts';
import type { HttpRequest } from '../http/transport.ts';

/** Ranges of one repository's blobs, from one endpoint or the storage that it redirects to. */
export class BlobRanges {
  readonly #asker: Asker;
  readonly #repository: string;
  /**
   * Where the registry redirected requests for ranges of each blob. Such addresses expire after
   * minutes; then the registry is asked again.
   */
  readonly #storage = new Map<Digest, string>();

  constructor(asker: Asker, repository: string) {
    this.#asker = asker;
    this.#repository = repository;
  }

  /** Downloads one range. @throws {WrongRangeError} the endpoint doesn't serve ranges */
  async bytes(
    endpoint: Endpoint,
    blob: Descriptor,
    start: number,
    end: number,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const known = await this.#fromStorage(endpoint, blob, start, end, async request => {
      const answer = await this.#asker.transport.sendForBytes(request, end - start, signal);
      return checkedBytes(answer, start, end);
    });
    signal.throwIfAborted();
    if (known) return known;
    const question = { ...this.#question(blob, start, end), accepted: [206, 416] };
    const answer = await this.#asker.askForBytes(endpoint, question, end - start, signal);
    const { response, body } = answer;
    if (response.status === 200 && start === 0 && body?.length === end) return body;
    const bytes = checkedBytes(answer, start, end);
    if (!bytes) throw new WrongRangeError(this.#where(endpoint, response.url));
    this.#remember(endpoint, blob, response);
    return bytes;
  }

  /**
   * Streams one range.
   * @throws {WrongRangeError} the endpoint doesn't serve ranges
   * @throws {ConnectionLostError} not all of it came
   */
  async stream(
    endpoint: Endpoint,
    blob: Descriptor,
    start: number,
    end: number,
    sink: Sink,
    signal: AbortSignal,
  ): Promise<void> {
    const known = await this.#fromStorage(endpoint, blob, start, end, async request =>
      checkedAnswer(await this.#asker.transport.send(request, signal), start, end),
    );
    signal.throwIfAborted();
    const response = known ?? (await this.#askFor(endpoint, blob, start, end, signal));
    const where = this.#where(endpoint, response.url);
    let length = 0;
    const write = (chunk: Uint8Array): void => {
      length += chunk.length;
      if (length > end - start) throw new WrongRangeError(where);
      sink.write(chunk);
    };
    try {
      await response.into({ write });
    } catch (error) {
      throw networkError(error, where);
    }
    if (length < end - start) throw new ConnectionLostError('too short', where);
  }

  async #askFor(
    endpoint: Endpoint,
    blob: Descriptor,
    start: number,
    end: number,
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    const question = { ...this.#question(blob, start, end), accepted: [206, 416] };
    const response = await this.#asker.ask(endpoint, question, signal);
    const checked = checkedAnswer(response, start, end);
    if (!checked) throw new WrongRangeError(this.#where(endpoint, response.url));
    try {
      this.#remember(endpoint, blob, checked);
    } catch (error) {
      checked.discard();
      throw error;
    }
    return checked;
  }

  async #fromStorage<T>(
    endpoint: Endpoint,
    blob: Descriptor,
    start: number,
    end: number,
    send: (request: HttpRequest) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const url = this.#storage.get(blob.digest);
    if (url === undefined) return undefined;
    const { headers } = this.#question(blob, start, end);
    const answer = await send({ endpoint, url, headers, repository: this.#repository }).catch((error: unknown) => {
      if (error instanceof RegistryError) return undefined;
      throw error;
    });
    if (!answer) this.#storage.delete(blob.digest);
    return answer;
  }

  /** @throws {SizeMismatchError} the blob has another length there */
  #remember(endpoint: Endpoint, blob: Descriptor, response: HttpResponse): void {
    const total = parseContentRange(headerOf(response.headers, 'content-range'))?.total;
    if (blob.size >= 0 && total !== undefined && total !== blob.size)
      throw new SizeMismatchError(blob.digest, blob.size, total, hostOf(this.#where(endpoint, response.url)));
    if (new URL(response.url).host !== new URL(endpoint.url).host) this.#storage.set(blob.digest, response.url);
  }

  #question(blob: Descriptor, start: number, end: number) {
    return { ...blobQuestion(this.#repository, blob.digest), headers: { range: `bytes=${start}-${end - 1}` } };
  }

  #where(endpoint: Endpoint, url: string): Where {
    return { registry: endpoint.name, repository: this.#repository, url };
  }
}

/** Returns the bytes that were asked for; undefined for any other answer. */
function checkedBytes({ response, body }: Answer, start: number, end: number): Uint8Array | undefined {
  return isRange(response, start, end) && body?.length === end - start ? body : undefined;
}

/** Returns an answer with the range that was asked for; discards any other. */
function checkedAnswer(response: HttpResponse, start: number, end: number): HttpResponse | undefined {
  if (isRange(response, start, end)) return response;
  response.discard();
  return undefined;
}

function isRange({ status, headers }: HttpResponse, start: number, end: number): boolean {
  const range = status === 206 ? parseContentRange(headerOf(headers, 'content-range')) : undefined;
  return range?.start === start && range.end === end;
}
