import { createHash, type Hash } from 'node:crypto';
import { Decompressor, type Inflaters } from '../layers/decompress.ts';
import { LimitExceededError } from '../layers/errors.ts';
import type { Sink } from '../oci/byteSource.ts';
import { digestAlgorithm, type Digest } from '../oci/digest.ts';
import { DiffIdMismatchError } from '../pull/layerErrors.ts';
import type { ReadLayer } from '../pull/ociLayout.ts';

export interface MeasureOptions {
  /** What the config says of the layer; absent for schema 1. */
  readonly diffId: Digest | undefined;
  /** Bytes that the uncompressed layer may have. */
  readonly maxBytes: number;
  /** Where the uncompressed layer goes. */
  readonly out?: Sink;
  readonly inflaters?: Inflaters;
}

/** Takes a layer's blob and tells what it is when it has come to its end: how it is compressed, and its diff ID. */
export class LayerMeasure implements Sink {
  readonly #options: MeasureOptions;
  readonly #algorithm: string;
  readonly #hash: Hash;
  readonly #decompressor: Decompressor;
  #size = 0;
  #unpacked = 0;

  constructor(options: MeasureOptions) {
    this.#options = options;
    this.#algorithm = options.diffId ? digestAlgorithm(options.diffId) : 'sha256';
    this.#hash = createHash(this.#algorithm);
    this.#decompressor = new Decompressor({ write: chunk => this.#take(chunk) }, options.inflaters);
  }

  write(chunk: Uint8Array): void {
    this.#size += chunk.length;
    this.#decompressor.write(chunk);
  }

  /** @throws {DiffIdMismatchError} and what the decompression throws */
  end(): Required<ReadLayer> {
    const { compression } = this.#decompressor.end();
    const diffId: Digest = `${this.#algorithm}:${this.#hash.digest('hex')}`;
    const { diffId: expected } = this.#options;
    if (expected !== undefined && diffId !== expected) throw new DiffIdMismatchError(expected, diffId);
    return { size: this.#size, diffId, compression };
  }

  /** Frees what it holds, when it is left before its end. */
  close(): void {
    this.#decompressor.close();
  }

  #take(chunk: Uint8Array): void {
    const { maxBytes, out } = this.#options;
    this.#unpacked += chunk.length;
    if (this.#unpacked > maxBytes) throw new LimitExceededError('bytes', maxBytes);
    this.#hash.update(chunk);
    out?.write(chunk);
  }
}
