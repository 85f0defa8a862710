import type { Sink } from '../../oci/byteSource.ts';

/** What followed the compressed data, in bytes. One of the two is 0. */
export interface Trailing {
  /** NUL bytes, as tapes and some tools leave them. */
  readonly padding: number;
  /** Anything else. */
  readonly junk: number;
}

/**
 * The seam behind which a compressed stream is turned into bytes: input in chunks of any size, output pushed on at once, in a buffer that is used again.
 * Concatenated streams are one. Memory stays flat whatever the input unpacks to.
 */
export interface Inflater extends Sink {
  /** The input has ended. Throws when that was within the stream. */
  end(): Trailing;
  /** Frees what it holds. For one that is left before its end; `end` and errors do it themselves. */
  close(): void;
}

/** Makes an inflater whose output goes to `out`. */
export type InflaterFactory = (out: Sink) => Inflater;

/** Counts what follows the compressed data. */
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
