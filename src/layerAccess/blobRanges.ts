import { readFileRange } from '../browse/formats/container.ts';
import { downloadedBlob, type BrowseRequest } from './layerPass.ts';
import type { LayerWork } from '../workers/layerWork.ts';

/** Reads ranges of one layer's blob, from the cache if it is there, otherwise from its source. */
export class BlobRanges {
  readonly #work: LayerWork;
  readonly #request: BrowseRequest;

  constructor(work: LayerWork, request: BrowseRequest) {
    this.#work = work;
    this.#request = request;
  }

  /** Reads the bytes [start, end); `undefined` if the source has no ranges. */
  async read(start: number, end: number, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const { descriptor } = this.#request.layer;
    const { store } = this.#work;
    if (await store.has(descriptor.digest, descriptor.size))
      return readFileRange(store.path(descriptor.digest), start, end);
    return (await this.#request.blobs()).readRange(descriptor, start, end, signal);
  }

  /** Does the same, downloading the blob if its source has no ranges. */
  async readOrDownload(start: number, end: number, signal: AbortSignal): Promise<Uint8Array> {
    const bytes = await this.read(start, end, signal);
    return bytes ?? readFileRange(await downloadedBlob(this.#work, this.#request, signal), start, end);
  }
}
