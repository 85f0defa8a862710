import type { Descriptor } from './descriptor.ts';

/**
 * Takes bytes as they arrive, synchronously: the caller may reuse the buffer when `write` returns.
 */
export interface Sink {
  write(chunk: Uint8Array): void;
}

/**
 * Where blobs come from: a registry, a folder, an archive.
 * Both methods reject with the signal's reason when it aborts.
 */
export interface BlobSource {
  /**
   * Delivers the blob from offset `from` to its end into `sink`: in order, each byte once, however
   * often the connection breaks. It neither hashes nor decodes; the sink must verify the bytes.
   */
  read(blob: Descriptor, from: number, sink: Sink, signal: AbortSignal): Promise<void>;
  /** Returns the bytes [start, end), or `undefined` if the source can't deliver parts. */
  readRange(blob: Descriptor, start: number, end: number, signal: AbortSignal): Promise<Uint8Array | undefined>;
}
