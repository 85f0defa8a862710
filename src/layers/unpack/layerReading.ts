import type { Sink } from '../../oci/byteSource.ts';
import { Decompressor, type Inflaters } from '../compression/decompress.ts';
import type { Compression } from '../../oci/compression.ts';

/** Makes something of a layer's uncompressed bytes. */
export interface TarSink<Result> extends Sink {
  /** All bytes have come. @param junk bytes behind the end of the compressed data; harmless if the archive had ended before, else part of the layer is lost */
  end(junk: number): Result;
  /** Frees what it holds. */
  close(): void;
}

/**
 * The way of one layer's bytes, whatever compresses them: decompressed, and handed on within the call that brings them.
 * @throws {InvalidLayerError} {@link TruncatedLayerError} {@link UnsupportedCompressionError}, and what the `TarSink` throws. After an error nothing more can be written.
 */
export class LayerReading<Result> implements Sink {
  readonly #decompressor: Decompressor;
  readonly #tar: TarSink<Result>;

  /** @param make is given a function that tells how the layer is compressed, from the first byte on */
  constructor(make: (compression: () => Compression) => TarSink<Result>, inflaters: Inflaters = {}) {
    this.#tar = make(() => this.#decompressor.compression ?? 'none');
    this.#decompressor = new Decompressor(this.#tar, inflaters);
  }

  write(chunk: Uint8Array): void {
    try {
      this.#decompressor.write(chunk);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** All bytes have come: checks that they were whole. */
  end(): Result {
    try {
      return this.#tar.end(this.#decompressor.end().junk);
    } finally {
      this.close();
    }
  }

  /** Frees what it holds, when it is left before its end. */
  close(): void {
    this.#decompressor.close();
    this.#tar.close();
  }
}
