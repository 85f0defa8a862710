import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Piece, Sink } from '../oci/byteSource.ts';
import { releaseLock, takeLock } from './lockFile.ts';

const FLAGS = constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0);

/**
 * A blob being downloaded. It gets its final name once all of it is verified; what an earlier
 * attempt left is read first, so that a pull resumes. Synchronous, as it runs where the bytes
 * arrive, in a worker thread.
 *
 * If two windows download the same blob, the one that finds the file locked writes to a private
 * file, and both end in the same place.
 */
export class PartialFile implements Sink {
  readonly #final: string;
  readonly #path: string;
  readonly #lock: string | undefined;
  readonly #fd: number;
  readonly #pieces = new Set<PieceFile>();
  #length: number;

  /** @param final the blob's final path; the partial file is `<final>.partial` */
  constructor(final: string) {
    mkdirSync(dirname(final), { recursive: true });
    const shared = `${final}.partial`;
    const ours = takeLock(`${shared}.lock`);
    this.#final = final;
    this.#lock = ours ? `${shared}.lock` : undefined;
    this.#path = ours ? shared : `${shared}.${process.pid}.${performance.now()}`;
    this.#fd = openSync(this.#path, FLAGS, 0o644);
    this.#length = fstatSync(this.#fd).size;
    if (ours) this.#findPieces();
  }

  /** Bytes written so far, earlier attempts included. */
  get length(): number {
    return this.#length;
  }

  /** Pieces of the blob that arrived before their turn. */
  get pieces(): readonly Piece[] {
    return [...this.#pieces];
  }

  /** Bytes after {@link length} that are in pieces. */
  get ahead(): number {
    return this.pieces.reduce(
      (sum, { start, length }) => sum + Math.max(0, Math.min(length, start + length - this.#length)),
      0,
    );
  }

  /** Creates an empty piece. It stays until it is removed, or the blob complete or discarded. */
  piece(start: number): Piece {
    return this.#openPiece(start, constants.O_TRUNC);
  }

  /**
   * Hands out what an earlier try left, in pieces; each piece is used before the next is asked for.
   */
  leftovers(): Iterable<Uint8Array> {
    return readFrom(this.#fd, 0, this.#length);
  }

  write(chunk: Uint8Array): void {
    writeAt(this.#fd, chunk, this.#length);
    this.#length += chunk.length;
  }

  /**
   * Gives the blob its final name, once the caller has verified every byte. It doesn't wait for the
   * disk, which would cost a good part of the pull: readers check a blob's size and digest, so one
   * that a power loss damaged is downloaded again.
   */
  commit(): void {
    // Image folders may have hard links to it, which must not be written to by mistake.
    fchmodSync(this.#fd, 0o444);
    closeSync(this.#fd);
    this.#dropPieces();
    renameSync(this.#path, this.#final);
    this.#unlock();
  }

  /**
   * Leaves the file for the next attempt. A private one is deleted: it would never be found again.
   */
  keep(): void {
    closeSync(this.#fd);
    if (!this.#lock) {
      this.#dropPieces();
      unlinkSync(this.#path);
    }
    for (const piece of this.#pieces) piece.close();
    this.#unlock();
  }

  /** Deletes the file, whose bytes are wrong. */
  discard(): void {
    closeSync(this.#fd);
    this.#dropPieces();
    unlinkSync(this.#path);
    this.#unlock();
  }

  #unlock(): void {
    if (this.#lock) releaseLock(this.#lock);
  }

  #findPieces(): void {
    const prefix = `${basename(this.#path)}${PIECE}`;
    for (const name of readdirSync(dirname(this.#path))) {
      const start = name.startsWith(prefix) ? name.slice(prefix.length) : '';
      if (/^\d+$/.test(start)) this.#openPiece(Number(start));
    }
  }

  #openPiece(start: number, truncate = 0): PieceFile {
    const piece = new PieceFile(`${this.#path}${PIECE}${start}`, start, truncate, () => this.#pieces.delete(piece));
    this.#pieces.add(piece);
    return piece;
  }

  #dropPieces(): void {
    for (const piece of this.#pieces) piece.remove();
  }
}

/** Stands between a partial file's path and a piece's start in the name of the piece's file. */
const PIECE = '.at-';

/** A piece of a partial file, whose length says how much of it arrived. */
class PieceFile implements Piece {
  readonly start: number;
  readonly #path: string;
  readonly #fd: number;
  /** Returns false if it was removed before. */
  readonly #onRemove: () => boolean;
  #length: number;
  #open = true;

  constructor(path: string, start: number, truncate: number, onRemove: () => boolean) {
    this.start = start;
    this.#path = path;
    this.#onRemove = onRemove;
    this.#fd = openSync(path, FLAGS | truncate, 0o644);
    this.#length = fstatSync(this.#fd).size;
  }

  get length(): number {
    return this.#length;
  }

  write(chunk: Uint8Array): void {
    if (!this.#open) return;
    writeAt(this.#fd, chunk, this.#length);
    this.#length += chunk.length;
  }

  read(from: number): Iterable<Uint8Array> {
    return readFrom(this.#fd, from, this.#length);
  }

  close(): void {
    if (this.#open) closeSync(this.#fd);
    this.#open = false;
  }

  remove(): void {
    this.close();
    if (this.#onRemove()) unlinkSync(this.#path);
  }
}

function writeAt(fd: number, chunk: Uint8Array, position: number): void {
  for (let at = 0; at < chunk.length;) at += writeSync(fd, chunk, at, chunk.length - at, position + at);
}

function* readFrom(fd: number, from: number, end: number): Generator<Uint8Array> {
  const buffer = Buffer.allocUnsafe(Math.min(1 << 20, end - from));
  for (let at = from; at < end;) {
    const count = readSync(fd, buffer, 0, Math.min(buffer.length, end - at), at);
    if (count === 0) return;
    at += count;
    yield buffer.subarray(0, count);
  }
}
