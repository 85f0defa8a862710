import { createHash, type Hash } from 'node:crypto';
import { digestAlgorithm, type Digest } from '../../oci/digest.ts';
import { BLOCK } from '../tar/tarHeader.ts';

/** Empty blocks that may be missing at an archive's end: its two end marks, and what fills up its last record (20 blocks, as tar makes them). */
const MOST_DROPPED = 40;

/** What a layer's uncompressed bytes are. */
export interface DiffIdRead {
  /** Digest over them, with the zeros behind them that were dropped. */
  readonly diffId: Digest;
  /** Zeros behind the last byte that belong to the layer and did not come. */
  readonly dropped: number;
}

/**
 * Hashes a layer's uncompressed bytes to its diff ID (image-spec, config.md#layer-diffid). What makes `zstd:chunked` may leave out the empty blocks at an archive's end, and
 * still name the whole archive in the config: when the bytes are not what is expected, they are taken for it if they are with such blocks behind them, which mean nothing in tar.
 */
export class DiffIdHash {
  readonly #expected: Digest | undefined;
  readonly #algorithm: string;
  readonly #hash: Hash;
  readonly #known: Digest | undefined;
  #size = 0;

  /**
   * @param expected what the config says; it also tells the algorithm, which else is sha256
   * @param blob the digest of these very bytes, which somebody else checks: that of a blob that is not compressed. Where it is what is expected, it is not computed again.
   */
  constructor(expected?: Digest, blob?: Digest) {
    this.#expected = expected;
    this.#algorithm = expected === undefined ? 'sha256' : digestAlgorithm(expected);
    this.#hash = createHash(this.#algorithm);
    const fits = expected === undefined ? blob?.startsWith('sha256:') === true : blob === expected;
    this.#known = fits ? blob : undefined;
  }

  /** Bytes so far. */
  get size(): number {
    return this.#size;
  }

  update(chunk: Uint8Array): void {
    this.#size += chunk.length;
    if (this.#known === undefined) this.#hash.update(chunk);
  }

  /** All bytes have come. It can be asked more than once. */
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
