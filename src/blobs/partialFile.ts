import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { Sink } from '../oci/byteSource.ts';
import { releaseLock, takeLock } from './lockFile.ts';

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
  #length: number;

  /** @param final the blob's final path; the partial file is `<final>.partial` */
  constructor(final: string) {
    mkdirSync(dirname(final), { recursive: true });
    const shared = `${final}.partial`;
    const ours = takeLock(`${shared}.lock`);
    this.#final = final;
    this.#lock = ours ? `${shared}.lock` : undefined;
    this.#path = ours ? shared : `${shared}.${process.pid}.${performance.now()}`;
    this.#fd = openSync(this.#path, constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0), 0o644);
    this.#length = fstatSync(this.#fd).size;
  }

  /** Bytes written so far, earlier attempts included. */
  get length(): number {
    return this.#length;
  }

  /**
   * Hands out what an earlier try left, in pieces; each piece is used before the next is asked for.
   */
  *leftovers(buffer: Uint8Array = Buffer.allocUnsafe(1 << 20)): Generator<Uint8Array> {
    const length = this.#length;
    for (let at = 0; at < length;) {
      const count = readSync(this.#fd, buffer, 0, Math.min(buffer.length, length - at), at);
      if (count === 0) return;
      at += count;
      yield buffer.subarray(0, count);
    }
  }

  write(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length;) at += writeSync(this.#fd, chunk, at, chunk.length - at, this.#length + at);
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
    renameSync(this.#path, this.#final);
    this.#unlock();
  }

  /**
   * Leaves the file for the next attempt. A private one is deleted: it would never be found again.
   */
  keep(): void {
    closeSync(this.#fd);
    if (!this.#lock) unlinkSync(this.#path);
    this.#unlock();
  }

  /** Deletes the file, whose bytes are wrong. */
  discard(): void {
    closeSync(this.#fd);
    unlinkSync(this.#path);
    this.#unlock();
  }

  #unlock(): void {
    if (this.#lock) releaseLock(this.#lock);
  }
}
