import { createHash, type Hash } from 'node:crypto';
import { digestAlgorithm, type Digest } from '../../oci/digest.ts';
import { BLOCK } from '../tar/tarHeader.ts';

/**
 * Empty blocks that may be missing at an archive's end: its two end marks, and the padding of its
 * last record (20 blocks, as tar makes them).
 */
const MOST_DROPPED = 40;

/** A layer's uncompressed bytes. */
export interface DiffIdRead {
  /** Includes the dropped zeros. */
  readonly diffId: Digest;
  /** Zeros at the end that belong to the layer but were dropped. */
  readonly dropped: number;
}

/**
 * Hashes a layer's uncompressed bytes to its diff ID (image-spec, config.md#layer-diffid). Tools
 * that write `zstd:chunked` may drop the empty blocks at an archive's end, while the config names
 * the whole archive. So if the bytes do not match, they also count as a match with such blocks
 * appended, which mean nothing in tar.
 */
export class DiffIdHash {
  readonly #expected: Digest | undefined;
  readonly #algorithm: string;
  readonly #hash: Hash;
  readonly #known: Digest | undefined;
  #size = 0;

  /**
   * @param expected the config's diff ID, which also chooses the algorithm; the default is sha256
   * @param blob the blob's own digest, if it is not compressed and the caller verifies it. If it
   * equals `expected`, nothing is hashed again.
   */
  constructor(expected?: Digest, blob?: Digest) {
    this.#expected = expected;
    this.#algorithm = expected === undefined ? 'sha256' : digestAlgorithm(expected);
    this.#hash = createHash(this.#algorithm);
    const fits = expected === undefined ? blob?.startsWith('sha256:') === true : blob === expected;
    this.#known = fits ? blob : undefined;
  }

  get size(): number {
    return this.#size;
  }

  update(chunk: Uint8Array): void {
    this.#size += chunk.length;
    if (this.#known === undefined) this.#hash.update(chunk);
  }

  /** Returns the result once all bytes have been written. May be called more than once. */
  read(): DiffIdRead {
    if (this.#known !== undefined) return { diffId: this.#known, dropped: 0 };
    const diffId = this.#digest(this.#hash);
    if (this.#expected !== undefined && diffId !== this.#expected && this.#size % BLOCK === 0) {
      const longer = this.#hash.copy();
      for (let blocks = 1; blocks <= MOST_DROPPED; blocks++) {
        longer.update(EMPTY_BLOCK);
        if (this.#digest(longer) === this.#expected) return { diffId: this.#expected, dropped: blocks * BLOCK };
      }
    }
    return { diffId, dropped: 0 };
  }

  #digest(hash: Hash): Digest {
    return `${this.#algorithm}:${hash.copy().digest('hex')}`;
  }
}

const EMPTY_BLOCK = Buffer.alloc(BLOCK);
