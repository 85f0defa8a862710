import type { Descriptor } from './descriptor.ts';

/** Takes bytes as they arrive, synchronously: what is written to it was used when the call returns, so the buffer may be reused. */
export interface Sink {
  write(chunk: Uint8Array): void;
}

/**
 * Where blobs come from: the seam between whatever holds bytes (a registry, a folder, an archive) and whatever uses them.
 * Both methods reject with the signal's reason when it aborts.
 */
export interface BlobSource {
  /**
   * Delivers every byte of the blob from offset `from` to its end, in order, each exactly once, into `sink`, however often the connection must be
   * made anew. It neither hashes nor decodes: who takes the bytes verifies them.
   */
  read(blob: Descriptor, from: number, sink: Sink, signal: AbortSignal): Promise<void>;
  /**
   * The bytes [start, end). `undefined` when the source cannot give a part (no ranges).
   */
  readRange(blob: Descriptor, start: number, end: number, signal: AbortSignal): Promise<Uint8Array | undefined>;
}
