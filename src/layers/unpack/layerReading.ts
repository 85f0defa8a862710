import type { Sink } from '../../oci/byteSource.ts';
import { Decompressor, type Inflaters } from '../compression/decompress.ts';
import type { Compression } from '../../oci/compression.ts';

/** Consumes a layer's uncompressed bytes. */
export interface TarSink<Result> extends Sink {
  /**
   * Called after the last byte.
   * @param junk bytes after the end of the compressed data: harmless if the archive had ended
   * before, otherwise part of the layer is lost
   */
  end(junk: number): Result;
  close(): void;
}

/**
 * Reads one layer, whatever its compression: decompresses its bytes and passes them on within the
 * same call. After an error nothing more can be written.
 * @throws {InvalidLayerError} {@link TruncatedLayerError} {@link UnsupportedCompressionError}, and
 * what the `TarSink` throws
 */
export class LayerReading<Result> implements Sink {
  readonly #decompressor: Decompressor;
  readonly #tar: TarSink<Result>;

  /** @param make receives a function that returns the compression, known from the first byte on */
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

  /** Checks that the bytes were complete. */
  end(): Result {
    try {
      return this.#tar.end(this.#decompressor.end().junk);
    } finally {
      this.close();
    }
  }

  /** Frees resources, also before the end. */
  close(): void {
    this.#decompressor.close();
    this.#tar.close();
  }
}
