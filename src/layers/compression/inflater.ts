import type { Sink } from '../../oci/byteSource.ts';

/** Bytes after the compressed data. One of the two is 0. */
export interface Trailing {
  /** NUL bytes, which tapes and some tools add. */
  readonly padding: number;
  /** Anything else. */
  readonly junk: number;
}

/**
 * Decompresses a stream: takes input in chunks of any size and passes on all output at once, in a
 * buffer that is reused. Concatenated streams count as one. Memory stays flat whatever the input
 * unpacks to.
 */
export interface Inflater extends Sink {
  /** Ends the input. Throws if that is within the stream. */
  end(): Trailing;
  /** Frees memory. Needed only if neither `end` nor an error did. */
  close(): void;
}

/** Creates an inflater whose output goes to `out`. */
export type InflaterFactory = (out: Sink) => Inflater;

/** Counts the bytes after the compressed data. */
export class TrailingCounter {
  #count = 0;
  #junk = false;

  add(bytes: Uint8Array): void {
    this.#count += bytes.length;
    this.#junk ||= bytes.some(byte => byte !== 0);
  }

  get trailing(): Trailing {
    return this.#junk ? { padding: 0, junk: this.#count } : { padding: this.#count, junk: 0 };
  }
}
