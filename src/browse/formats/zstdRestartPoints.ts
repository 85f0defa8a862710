import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { constants, zstdCompressSync, zstdDecompress } from 'node:zlib';
import type { Sink } from '../../oci/byteSource.ts';
import { pack, readContainer, readFileRange } from './container.ts';
import { type Place, toPlace } from './restartPoints.ts';

const MAGIC = 'PLZ1';
/** Archive bytes between two recorded frames, at least, and in one piece of the copy. */
const PIECE = 4 << 20;
/** Archive bytes of a frame after which the copy starts: the most that a read may have to skip. */
const LONGEST_FRAME = 16 << 20;
/** Level 1 costs little next to reading the archive. */
const FAST = { params: { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 } };

/**
 * Records where the frames of a zstd layer start. Most tools write the whole layer as a single
 * frame, which can only be read from its start. What such a frame holds after its first 16 MiB is
 * copied to a file next to the listing, in pieces that are frames of their own. Synchronous, for
 * worker threads.
 */
export class ZstdPointRecorder implements Sink {
  readonly #path: string;
  readonly #partial: string;
  readonly #places: [number, number][] = [];
  readonly #lengths: number[] = [];
  /** Bytes of the archive so far. */
  #out = 0;
  /** Archive offset where the copy starts; `undefined` without a copy. */
  #from: number | undefined;
  #file: number | undefined;
  readonly #pending = Buffer.allocUnsafe(PIECE);
  #pendingLength = 0;
  #renamed = false;
  #gaveUp = false;

  /** @param path file of the copy */
  constructor(path: string) {
    this.#path = path;
    this.#partial = `${path}.${process.pid}.${performance.now()}.partial`;
  }

  /** Records the start of a frame. @param at its offset in the blob */
  frame(at: number): void {
    const last = this.#places.at(-1)?.[1] ?? -PIECE;
    if (this.#from === undefined && this.#out - last >= PIECE) this.#places.push([at, this.#out]);
  }

  write(chunk: Uint8Array): void {
    const last = this.#places.at(-1)?.[1] ?? 0;
    if (this.#from === undefined && this.#out - last >= LONGEST_FRAME) this.#from = this.#out;
    this.#out += chunk.length;
    if (this.#from !== undefined && !this.#gaveUp) this.#copy(chunk);
  }

  /** Completes the copy, and returns the content of a file for {@link ZstdRestartPoints.read}. */
  finish(): Buffer {
    if (this.#pendingLength > 0) this.#tryTo(() => this.#flush());
    if (this.#close()) this.#tryTo(() => this.#rename());
    const copy = this.#renamed ? { from: this.#from, lengths: this.#lengths } : {};
    return pack(MAGIC, { places: this.#places, ...copy }, []);
  }

  /** Removes what was written. */
  abandon(): void {
    if (this.#close()) rmSync(this.#partial, { force: true });
    if (this.#renamed) rmSync(this.#path, { force: true });
  }

  #rename(): void {
    renameSync(this.#partial, this.#path);
    this.#renamed = true;
  }

  #copy(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length && !this.#gaveUp;) {
      const part = chunk.subarray(at, at + PIECE - this.#pendingLength);
      this.#pending.set(part, this.#pendingLength);
      this.#pendingLength += part.length;
      at += part.length;
      if (this.#pendingLength === PIECE) this.#tryTo(() => this.#flush());
    }
  }

  #flush(): void {
    if (this.#file === undefined) {
      mkdirSync(dirname(this.#path), { recursive: true });
      this.#file = openSync(this.#partial, 'wx');
    }
    const piece = zstdCompressSync(this.#pending.subarray(0, this.#pendingLength), FAST);
    for (let at = 0; at < piece.length;) at += writeSync(this.#file, piece, at);
    this.#lengths.push(piece.length);
    this.#pendingLength = 0;
  }

  /** Gives the copy up on failures such as a full disk: it only speeds reading up. */
  #tryTo(work: () => void): void {
    if (this.#gaveUp) return;
    try {
      work();
    } catch {
      this.abandon();
      this.#gaveUp = true;
    }
  }

  #close(): boolean {
    if (this.#file === undefined) return false;
    closeSync(this.#file);
    this.#file = undefined;
    return true;
  }
}

/** Decompressed bytes of the archive, starting at `out`. */
export interface Piece {
  readonly out: number;
  readonly bytes: Uint8Array;
}

/** Places where decoding a zstd layer can start. */
export class ZstdRestartPoints {
  readonly #copy: string;
  readonly #places: readonly Place[];
  readonly #from: number;
  /** End of each piece in the file of the copy. */
  readonly #ends: readonly number[];

  private constructor(copy: string, places: readonly Place[], from: number, lengths: readonly number[]) {
    this.#copy = copy;
    this.#places = places;
    this.#from = from;
    let end = 0;
    this.#ends = lengths.map(length => (end += length));
  }

  /**
   * Returns `undefined` if the file is missing or damaged.
   * @param copy file of the copy, which may be missing
   */
  static async read(path: string, copy: string): Promise<ZstdRestartPoints | undefined> {
    const container = await readContainer(path, MAGIC);
    const { places, from, lengths } = container?.header ?? {};
    if (!Array.isArray(places)) return undefined;
    const known = Array.isArray(lengths) ? lengths.map(Number) : [];
    return new ZstdRestartPoints(copy, places.map(toPlace), Number(from ?? 0), known);
  }

  /** Returns where the last frame at or before an archive offset starts. */
  before(offset: number): Place {
    return this.#places.findLast(({ out }) => out <= offset) ?? { in: 0, out: 0 };
  }

  /** Reads the piece of the copy that holds an archive offset, if it is intact. */
  async piece(offset: number): Promise<Piece | undefined> {
    const at = Math.floor((offset - this.#from) / PIECE);
    const end = this.#ends[at];
    if (end === undefined) return undefined;
    try {
      const packed = await readFileRange(this.#copy, this.#ends[at - 1] ?? 0, end);
      const bytes = await promisify(zstdDecompress)(packed, { maxOutputLength: PIECE });
      return { out: this.#from + at * PIECE, bytes };
    } catch {
      return undefined;
    }
  }
}
