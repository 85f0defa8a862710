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
 * A blob on its way: written under a name of its own, renamed to its final one only when all of it
 * was verified. What an earlier try left is kept and handed out first, so that a pull goes on where
 * it stopped. Synchronous, for it is used where the bytes arrive, in a worker thread.
 *
 * Two windows may fetch the same blob at once: the one that finds the file locked writes to a
 * private file instead, and both end in the same place.
 */
export class PartialFile implements Sink {
  readonly #final: string;
  readonly #path: string;
  readonly #lock: string | undefined;
  readonly #fd: number;
  #length: number;

  /** @param final the blob's final path; the partial one is `<final>.partial` beside it */
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

  /** Bytes that are there. */
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
   * Makes it final. Only for who has verified every byte of it. It does not wait for the disk,
   * which takes as long as a good part of the pull: who reads a blob looks at its size and verifies
   * it, so what a loss of power has damaged is fetched again.
   */
  commit(): void {
    fchmodSync(this.#fd, 0o444); // Image folders may hold a hardlink to it: nobody should write into it by mistake.
    closeSync(this.#fd);
    renameSync(this.#path, this.#final);
    this.#unlock();
  }

  /** Leaves it for the next try; a private file goes, for nobody would find it again. */
  keep(): void {
    closeSync(this.#fd);
    if (!this.#lock) unlinkSync(this.#path);
    this.#unlock();
  }

  /** Drops it: its bytes are wrong. */
  discard(): void {
    closeSync(this.#fd);
    unlinkSync(this.#path);
    this.#unlock();
  }

  #unlock(): void {
    if (this.#lock) releaseLock(this.#lock);
  }
}
