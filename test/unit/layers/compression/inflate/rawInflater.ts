import {
  type BlockPoint,
  type BlockReport,
  DeflateDecoder,
} from '../../../../../src/layers/compression/inflate/deflateDecoder.ts';
import type { InflateEngine, InflateInstance } from '../../../../../src/layers/compression/inflate/engine.ts';
import { InflateError } from '../../../../../src/layers/compression/inflate/inflateError.ts';
import type { Sink } from '../../../../../src/oci/byteSource.ts';

/** Inflates a raw deflate stream (RFC 1951), which in src has always a gzip member around it. */
export class RawInflater {
  readonly #engine: InflateEngine;
  readonly #decoder: DeflateDecoder;
  #instance: InflateInstance | undefined;
  #done = false;

  constructor(engine: InflateEngine, out: Sink, options: { report?: BlockReport; from?: BlockPoint } = {}) {
    this.#engine = engine;
    this.#instance = engine.take();
    this.#decoder = new DeflateDecoder(this.#instance, out, options.report, options.from);
  }

  /** True once the last block has ended. Further input is ignored. */
  get done(): boolean {
    return this.#done;
  }

  /** @throws {InflateError}, and what the sink throws */
  write(chunk: Uint8Array): void {
    if (this.#instance === undefined) throw new Error('The inflater was closed');
    try {
      for (let from = 0; from < chunk.length && !this.#done;) {
        from += this.#decoder.addInput(chunk, from);
        this.#done = this.#decoder.decode();
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Ends the input. @throws {InflateError} if that is within the stream */
  end(): { readonly in: number; readonly out: number } {
    if (this.#instance === undefined) throw new Error('The inflater was closed');
    this.close();
    const { inPosition, outPosition, rest } = this.#decoder;
    if (!this.#done) throw new InflateError('it ends within a deflate block', inPosition + rest.length, true);
    return { in: inPosition, out: outPosition };
  }

  /** Frees memory. Needed only if neither `end` nor an error did. */
  close(): void {
    if (this.#instance !== undefined) this.#engine.give(this.#instance);
    this.#instance = undefined;
  }
}
