import type { Descriptor } from './descriptor.ts';

/**
 * Takes bytes as they arrive, synchronously: the caller may reuse the buffer when `write` returns.
 */
export interface Sink {
  write(chunk: Uint8Array): void;
}

/** Bytes of a blob that arrived before their turn, from `start` on. */
export interface Piece extends Sink {
  readonly start: number;
  /** Bytes so far; `write` appends more. */
  readonly length: number;
  /** Hands out the bytes from an offset of the piece on; each chunk is valid until the next. */
  read(from: number): Iterable<Uint8Array>;
  /** Deletes the piece. */
  remove(): void;
}

/** A download that can use further connections. */
export interface Widening {
  /** Bytes that another connection could fetch; 0 if one would not help. */
  readonly unclaimed: number;
  /**
   * Adds a connection. Resolves at its end.
   * @param stays asked before each further piece
   */
  widen(stays: () => boolean): Promise<void>;
}

/** Lets a source fetch a blob over several connections. */
export interface Ahead {
  /** Pieces that an earlier attempt left, in any order. */
  readonly left: readonly Piece[];
  create(start: number): Piece;
  /** Offers to use further connections until the returned function is called. */
  watch(download: Widening): () => void;
}

/**
 * Where blobs come from: a registry, a folder, an archive.
 * Both methods reject with the signal's reason when it aborts.
 */
export interface BlobSource {
  /**
   * Delivers the blob from offset `from` to its end into `sink`: in order, each byte once, however
   * often the connection breaks. It neither hashes nor decodes; the sink must verify the bytes.
   * @param ahead a place for bytes that come before their turn
   */
  read(blob: Descriptor, from: number, sink: Sink, signal: AbortSignal, ahead?: Ahead): Promise<void>;
  /** Returns the bytes [start, end), or `undefined` if the source can't deliver parts. */
  readRange(blob: Descriptor, start: number, end: number, signal: AbortSignal): Promise<Uint8Array | undefined>;
}
