import type { Ahead, BlobSource, Sink } from '../../oci/byteSource.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { digestAlgorithm, type Digest } from '../../oci/digest.ts';
import type { Logger } from '../../oci/logger.ts';
import { isForeignLayer } from '../../oci/mediaTypes.ts';
import { blobQuestion, type Asker, type Question } from './asker.ts';
import { BlobRanges } from './blobRanges.ts';
import { BlobDownload, type AskForBytes } from './blobDownload.ts';
import type { Endpoint } from '../config.ts';
import { contentDigest, matchesDigest } from '../../oci/contentDigest.ts';
import { DigestMismatchError, SizeMismatchError } from '../../oci/mismatchErrors.ts';
import { parseContentRange, headerOf } from '../http/headers.ts';
import { ServerError, TooLargeError, WrongRangeError } from '../errors.ts';
import { failover } from '../http/failover.ts';
import type { FetchPiece } from '../http/piecesAhead.ts';
import { LONGEST_REASON, responseError } from '../http/responseErrors.ts';

/**
 * A place that may have a blob: a mirror, the registry, or an address that a foreign layer names.
 */
interface Place {
  readonly name: string;
  readonly url: string;
  readonly ask: AskForBytes;
  /** Only for the registry and its mirrors. */
  readonly piece?: FetchPiece;
}

/**
 * The blobs of one repository, from the registry, its mirrors, foreign addresses, or the descriptor
 * itself.
 */
export class RegistryBlobs implements BlobSource {
  readonly #asker: Asker;
  readonly #endpoints: readonly [...Endpoint[], Endpoint];
  readonly #repository: string;
  readonly #logger: Logger;
  /**
   * Where each blob came from. A caller that asks again couldn't use it, so other places are asked
   * first.
   */
  readonly #lastSource = new Map<Digest, string>();
  readonly #ranges: BlobRanges;

  constructor(asker: Asker, endpoints: readonly [...Endpoint[], Endpoint], repository: string, logger: Logger) {
    this.#asker = asker;
    this.#endpoints = endpoints;
    this.#repository = repository;
    this.#logger = logger;
    this.#ranges = new BlobRanges(asker, repository);
  }

  async read(blob: Descriptor, from: number, sink: Sink, signal: AbortSignal, ahead?: Ahead): Promise<void> {
    signal.throwIfAborted();
    const where = { registry: this.#own.name, repository: this.#repository };
    if (blob.size >= 0 && from > blob.size) throw new SizeMismatchError(blob.digest, blob.size, from);
    const download = new BlobDownload(blob, from, sink, signal, this.#asker.transport.options, this.#logger, ahead);
    await download.guard(async () => {
      const inline = inlineData(blob);
      if (inline) download.deliver(inline.subarray(from));
      if (download.complete) return;
      const fetch = async (place: Place): Promise<void> => {
        await download.from(place.ask, { ...where, url: place.url }, place.piece);
        if (from === 0) this.#lastSource.set(blob.digest, place.url);
      };
      await failover(this.#places(blob, signal), fetch, signal, this.#logger);
    });
  }

  async readRange(blob: Descriptor, start: number, end: number, signal: AbortSignal): Promise<Uint8Array | undefined> {
    signal.throwIfAborted();
    if (end <= start) return new Uint8Array();
    const inline = inlineData(blob);
    if (inline) return inline.subarray(start, end);
    try {
      return await failover(
        this.#endpoints,
        endpoint => this.#ranges.bytes(endpoint, blob, start, end, signal),
        signal,
        this.#logger,
      );
    } catch (error) {
      if (error instanceof WrongRangeError) return undefined;
      throw error;
    }
  }

  /**
   * Downloads a small blob and verifies it; wrong content is asked for once more.
   * @throws {TooLargeError} @throws {DigestMismatchError}
   */
  async bytes(blob: Descriptor, limit: number, signal: AbortSignal): Promise<Uint8Array> {
    try {
      return await this.#verified(blob, limit, signal);
    } catch (error) {
      if (!(error instanceof DigestMismatchError)) throw error;
      return this.#verified(blob, limit, signal);
    }
  }

  /** Returns a blob's length from the registry. @throws {ServerError} it doesn't say */
  async size(digest: Digest, signal: AbortSignal): Promise<number> {
    return failover(this.#endpoints, endpoint => this.#sizeAt(endpoint, digest, signal), signal, this.#logger);
  }

  get #own(): Endpoint {
    return this.#endpoints[this.#endpoints.length - 1] ?? this.#endpoints[0];
  }

  async #sizeAt(endpoint: Endpoint, digest: Digest, signal: AbortSignal): Promise<number> {
    // Storage services refuse HEAD at an address that is signed for GET.
    const head = await this.#asker
      .ask(endpoint, { ...this.#question(digest), method: 'HEAD' }, signal)
      .catch((error: unknown) => {
        if (error instanceof ServerError) return undefined;
        throw error;
      });
    head?.discard();
    const length = head && headerOf(head.headers, 'content-length');
    if (length !== undefined && /^\d+$/.test(length)) return Number(length);
    const headers = { range: 'bytes=0-0' };
    const part = await this.#asker.ask(endpoint, { ...this.#question(digest), headers, accepted: [206] }, signal);
    part.discard();
    const total =
      part.status === 206
        ? parseContentRange(headerOf(part.headers, 'content-range'))?.total
        : Number(headerOf(part.headers, 'content-length') ?? NaN);
    if (total !== undefined && Number.isSafeInteger(total)) return total;
    throw new ServerError(part.status, undefined, `it doesn't say the size of ${digest}`, {
      registry: endpoint.name,
      repository: this.#repository,
      url: part.url,
    });
  }

  async #verified(blob: Descriptor, limit: number, signal: AbortSignal): Promise<Uint8Array> {
    const where = { registry: this.#own.name, repository: this.#repository };
    if (blob.size > limit) throw new TooLargeError(limit, where);
    const chunks: Uint8Array[] = [];
    let length = 0;
    const sink: Sink = {
      write(chunk) {
        length += chunk.length;
        if (length > limit) throw new TooLargeError(limit, where);
        chunks.push(Uint8Array.from(chunk));
      },
    };
    await this.read(blob, 0, sink, signal);
    const bytes = Buffer.concat(chunks);
    const actual = contentDigest(bytes, digestAlgorithm(blob.digest));
    if (actual !== blob.digest) throw new DigestMismatchError(blob.digest, actual, where.registry);
    return bytes;
  }

  /**
   * Foreign addresses come first for foreign layers, which registries don't store, and last for
   * others.
   */
  #places(blob: Descriptor, signal: AbortSignal): Place[] {
    const registry = this.#endpoints.map(({ name, ...endpoint }): Place => ({
      name,
      url: endpoint.url,
      ask: range => this.#askRegistry({ name, ...endpoint }, blob, range, signal),
      piece: (start, end, sink, each) => this.#ranges.stream({ name, ...endpoint }, blob, start, end, sink, each),
    }));
    const foreign = (blob.urls ?? []).filter(url => URL.canParse(url)).map(url => this.#foreign(url, signal));
    // The registry's own failure is the one to report, so the registry stays last.
    const places = isForeignLayer(blob.mediaType)
      ? [...foreign, ...registry]
      : [...registry.slice(0, -1), ...foreign, ...registry.slice(-1)];
    const before = this.#lastSource.get(blob.digest);
    return [...places.filter(place => place.url !== before), ...places.filter(place => place.url === before)];
  }

  #askRegistry(
    endpoint: Endpoint,
    blob: Descriptor,
    range: string | undefined,
    signal: AbortSignal,
  ): ReturnType<AskForBytes> {
    const headers = range === undefined ? {} : { range };
    return this.#asker.ask(endpoint, { ...this.#question(blob.digest), headers, accepted: [206, 416] }, signal);
  }

  /** Never asked with credentials, whatever the manifest says (CVE-2020-15157). */
  #foreign(url: string, signal: AbortSignal): Place {
    const { insecure: _insecure, cert: _cert, key: _key, ...endpoint } = this.#own;
    const name = new URL(url).host;
    const ask: AskForBytes = async range => {
      const response = await this.#asker.transport.send(
        { endpoint, url, headers: range === undefined ? {} : { range }, repository: this.#repository },
        signal,
      );
      if ([200, 206, 416].includes(response.status)) return response;
      const body = await response.document(LONGEST_REASON).catch(() => undefined);
      throw responseError(response, body, { registry: endpoint.name, repository: this.#repository, url }, undefined, {
        what: 'blob',
      });
    };
    return { name, url, ask };
  }

  #question(digest: Digest): Question {
    return blobQuestion(this.#repository, digest);
  }
}

/** Returns a descriptor's inline content if it matches its digest (image-spec, descriptor.md). */
function inlineData(blob: Descriptor): Uint8Array | undefined {
  if (blob.data === undefined) return undefined;
  const bytes = Buffer.from(blob.data, 'base64');
  return bytes.length === blob.size && matchesDigest(bytes, blob.digest) ? bytes : undefined;
}
