import { Decompressor, type Inflaters } from '../layers/compression/decompress.ts';
import { DiffIdHash } from '../layers/unpack/diffId.ts';
import { LimitExceededError } from '../layers/errors.ts';
import type { Sink } from '../oci/byteSource.ts';
import type { Digest } from '../oci/digest.ts';
import { DiffIdMismatchError } from '../workers/layerErrors.ts';
import type { ReadLayer } from '../layout/ociLayout.ts';

export interface MeasureOptions {
  /** From the config; absent for schema 1. */
  readonly diffId: Digest | undefined;
  /** Limit for the uncompressed layer, in bytes. */
  readonly maxBytes: number;
  /** Receives the uncompressed layer. */
  readonly out?: Sink;
  readonly inflaters?: Inflaters;
}

/**
 * Decompresses a layer's blob, passes its content on so that it matches the diff ID, and finally
 * returns its compression and diff ID.
 */
export class LayerMeasure implements Sink {
  readonly #options: MeasureOptions;
  readonly #hash: DiffIdHash;
  readonly #decompressor: Decompressor;
  #size = 0;

  constructor(options: MeasureOptions) {
    this.#options = options;
    this.#hash = new DiffIdHash(options.diffId);
    this.#decompressor = new Decompressor({ write: chunk => this.#take(chunk) }, options.inflaters);
  }

  write(chunk: Uint8Array): void {
    this.#size += chunk.length;
    this.#decompressor.write(chunk);
  }

  /** @throws {DiffIdMismatchError} and what the decompression throws */
  end(): Required<ReadLayer> {
    const { compression } = this.#decompressor.end();
    const { diffId, dropped } = this.#hash.read();
    const { diffId: expected, out } = this.#options;
    if (expected !== undefined && diffId !== expected) throw new DiffIdMismatchError(expected, diffId);
    if (dropped > 0) out?.write(Buffer.alloc(dropped));
    return { size: this.#size, diffId, compression };
  }

  /** Releases resources if the layer is abandoned. */
  close(): void {
    this.#decompressor.close();
  }

  #take(chunk: Uint8Array): void {
    const { maxBytes, out } = this.#options;
    this.#hash.update(chunk);
    if (this.#hash.size > maxBytes) throw new LimitExceededError('bytes', maxBytes);
    out?.write(chunk);
  }
}
