import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { constants, zstdCompressSync, zstdDecompress } from 'node:zlib';
import type { Sink } from '../../oci/byteSource.ts';
import { pack, readContainer } from './container.ts';

const MAGIC = 'PLZ1';
/** Bytes of the archive between two places that are noted, at least, and in one piece of the copy. */
const PIECE = 4 << 20;
/** A frame that unpacks to more than this, which is all that a read in it may have to decode, is copied from there on. */
const LONGEST_FRAME = 16 << 20;
/** So fast that it hardly counts beside reading the archive, with a checksum. */
const FAST = { params: { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 } };

/**
 * Notes where a zstd layer can be decoded from: where its frames begin. Most tools write the whole layer as one frame, which can be entered nowhere; of such a one the rest is written again, in
 * pieces that are frames of their own, into a file beside the listing. Synchronous, for a worker thread.
 */
export class ZstdPointRecorder implements Sink {
  readonly #path: string;
  readonly #partial: string;
  readonly #places: [number, number][] = [];
  readonly #lengths: number[] = [];
  /** Bytes of the archive so far. */
  #out = 0;
  /** Where in the archive the copy begins; `undefined` = there is none. */
  #from: number | undefined;
  #file: number | undefined;
  readonly #pending = Buffer.allocUnsafe(PIECE);
  #pendingLength = 0;
  /** The copy has its name. */
  #named = false;
  /** The copy was given up. */
  #gaveUp = false;

  /** @param path of the copy */
  constructor(path: string) {
    this.#path = path;
    this.#partial = `${path}.${process.pid}.${performance.now()}.partial`;
  }

  /** A frame begins. @param at its offset in the blob */
  frame(at: number): void {
    const last = this.#places.at(-1)?.[1] ?? -PIECE;
    if (this.#from === undefined && this.#out - last >= PIECE) this.#places.push([at, this.#out]);
  }

  /** Bytes of the archive. */
  write(chunk: Uint8Array): void {
    const last = this.#places.at(-1)?.[1] ?? 0;
    if (this.#from === undefined && this.#out - last >= LONGEST_FRAME) this.#from = this.#out;
    this.#out += chunk.length;
    if (this.#from !== undefined && !this.#gaveUp) this.#copy(chunk);
  }

  /** All has come and was verified: the copy gets its name. Gives the file for {@link ZstdRestartPoints.read}. */
  finish(): Buffer {
    if (this.#pendingLength > 0) this.#tryTo(() => this.#flush());
    const file = this.#close();
    if (file) this.#tryTo(() => this.#name());
    const copy = this.#named ? { from: this.#from, lengths: this.#lengths } : {};
    return pack(MAGIC, { places: this.#places, ...copy }, []);
  }

  /** Takes away what was written. */
  abandon(): void {
    if (this.#close()) rmSync(this.#partial, { force: true });
    if (this.#named) rmSync(this.#path, { force: true });
  }

  #name(): void {
    renameSync(this.#partial, this.#path);
    this.#named = true;
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

  /** Without a copy, as on a full disk, reading deep takes longer, and that is all. */
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

/** A piece of the archive. */
export interface Piece {
  readonly out: number;
  readonly bytes: Uint8Array;
}

/** Where a zstd layer can be decoded from. */
export class ZstdRestartPoints {
  readonly #copy: string;
  readonly #places: readonly (readonly [number, number])[];
  readonly #from: number;
  /** Where each piece of the copy ends in its file. */
  readonly #ends: readonly number[];

  private constructor(
    copy: string,
    places: readonly (readonly [number, number])[],
    from: number,
    lengths: readonly number[],
  ) {
    this.#copy = copy;
    this.#places = places;
    this.#from = from;
    let end = 0;
    this.#ends = lengths.map(length => (end += length));
  }

  /** `undefined` when there is none, or the file is damaged: the layer is read from its beginning then. @param copy the file of the copy, which may be missing */
  static async read(path: string, copy: string): Promise<ZstdRestartPoints | undefined> {
    const container = await readContainer(path, MAGIC);
    const { places, from, lengths } = container?.header ?? {};
    if (!Array.isArray(places)) return undefined;
    const pairs = places.map((pair: unknown): [number, number] =>
      Array.isArray(pair) ? [Number(pair[0]), Number(pair[1])] : [0, 0],
    );
    return new ZstdRestartPoints(copy, pairs, Number(from ?? 0), Array.isArray(lengths) ? lengths.map(Number) : []);
  }

  /** The last frame that begins at or before an offset of the archive: its offset in the blob, and in the archive. */
  before(offset: number): { readonly in: number; readonly out: number } {
    const [at, out] = this.#places.findLast(place => place[1] <= offset) ?? [0, 0];
    return { in: at, out };
  }

  /** The piece of the copy that holds an offset of the archive; `undefined` where there is none, or it is damaged. */
  async piece(offset: number): Promise<Piece | undefined> {
    const at = Math.floor((offset - this.#from) / PIECE);
    const end = this.#ends[at];
    if (end === undefined) return undefined;
    const start = this.#ends[at - 1] ?? 0;
    try {
      const packed = await readPart(this.#copy, start, end);
      const bytes = await promisify(zstdDecompress)(packed, { maxOutputLength: PIECE });
      return { out: this.#from + at * PIECE, bytes };
    } catch {
      return undefined;
    }
  }
}

async function readPart(path: string, start: number, end: number): Promise<Buffer> {
  const file = await open(path);
  try {
    const buffer = Buffer.alloc(end - start);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
