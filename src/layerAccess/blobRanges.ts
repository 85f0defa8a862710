import { open } from 'node:fs/promises';
import { downloadedBlob, type BrowseRequest } from './layerPass.ts';
import type { LayerWork } from '../workers/layerWork.ts';

/** Parts of one layer's blob: from the cache where it is there, else from the source. */
export class BlobRanges {
  readonly #puller: LayerWork;
  readonly #request: BrowseRequest;

  constructor(puller: LayerWork, request: BrowseRequest) {
    this.#puller = puller;
    this.#request = request;
  }

  /** Bytes [start, end); `undefined` where the source gives no parts. */
  async read(start: number, end: number, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const { descriptor } = this.#request.layer;
    const { store } = this.#puller;
    if (await store.has(descriptor.digest, descriptor.size))
      return readFileRange(store.path(descriptor.digest), start, end);
    return (await this.#request.blobs()).readRange(descriptor, start, end, signal);
  }

  /** The same; where the source gives no parts, the whole is fetched once. */
  async readOrDownload(start: number, end: number, signal: AbortSignal): Promise<Uint8Array> {
    const bytes = await this.read(start, end, signal);
    return bytes ?? readFileRange(await downloadedBlob(this.#puller, this.#request, signal), start, end);
  }
}

async function readFileRange(path: string, start: number, end: number): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const buffer = Buffer.alloc(end - start);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
