import { createHash, type Hash } from 'node:crypto';
import type { Sink } from '../oci/byteSource.ts';
import { digestAlgorithm, type Digest } from '../oci/digest.ts';
import { DigestMismatchError, SizeMismatchError } from '../oci/mismatchErrors.ts';

/** Hashes and counts the bytes written to it, and checks them against the descriptor at the end. */
export class Verifier implements Sink {
  readonly #digest: Digest;
  readonly #size: number;
  readonly #hash: Hash;
  #count = 0;

  /** @param size bytes, or -1 if unknown */
  constructor(digest: Digest, size: number) {
    this.#digest = digest;
    this.#size = size;
    this.#hash = createHash(digestAlgorithm(digest));
  }

  /** Bytes so far. */
  get count(): number {
    return this.#count;
  }

  /** @throws {SizeMismatchError} at the first byte too many */
  write(chunk: Uint8Array): void {
    this.#count += chunk.length;
    if (this.#size >= 0 && this.#count > this.#size) throw new SizeMismatchError(this.#digest, this.#size, this.#count);
    this.#hash.update(chunk);
  }

  /** @throws {SizeMismatchError} @throws {DigestMismatchError} */
  end(): void {
    if (this.#size >= 0 && this.#count !== this.#size)
      throw new SizeMismatchError(this.#digest, this.#size, this.#count);
    const actual: Digest = `${digestAlgorithm(this.#digest)}:${this.#hash.digest('hex')}`;
    if (actual !== this.#digest) throw new DigestMismatchError(this.#digest, actual);
  }
}
