import type { Sink } from '../../oci/byteSource.ts';

/**
 * Decompresses a stream: takes input in chunks of any size and passes on all output at once, in a
 * buffer that is reused. Concatenated streams count as one. Memory stays flat whatever the input
 * unpacks to.
 */
export interface Inflater extends Sink {
  /** Ends the input; throws if that is within the stream. Returns the bytes of junk after it. */
  end(): number;
  /** Frees memory. Needed only if neither `end` nor an error did. */
  close(): void;
}

/** Creates an inflater whose output goes to `out`. */
export type InflaterFactory = (out: Sink) => Inflater;

/**
 * Counts bytes after the compressed data. If all are NUL, they are padding, as some tools write.
 */
export class JunkCounter {
  #count = 0;
  #junk = false;

  add(bytes: Uint8Array): void {
    this.#count += bytes.length;
    this.#junk ||= bytes.some(byte => byte !== 0);
  }

  get junk(): number {
    return this.#junk ? this.#count : 0;
  }
}
