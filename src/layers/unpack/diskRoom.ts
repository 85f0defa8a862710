import { statfsSync } from 'node:fs';
import { DiskSpaceError } from '../errors.ts';

/** Bytes between two looks at the disk. */
const INTERVAL = 256 * 1024 * 1024;
/** A file of this size is looked at before it is begun. */
const LARGE = 16 * 1024 * 1024;

/** Sees before the disk is full that a layer does not fit on it. */
export class DiskRoom {
  readonly #folder: string;
  #written = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Bytes are going to be written. @throws {DiskSpaceError} when there is too little room for them */
  claim(bytes: number): void {
    this.#written += bytes;
    if (bytes < LARGE && this.#written < INTERVAL) return;
    this.#written = 0;
    const { bavail, bsize } = statfsSync(this.#folder);
    const free = bavail * bsize;
    if (bytes > free) throw new DiskSpaceError(this.#folder, bytes, free);
  }
}
