import { statfsSync } from 'node:fs';
import { DiskSpaceError } from '../errors.ts';

/** Bytes written between two checks of the disk. */
const INTERVAL = 256 * 1024 * 1024;
/** Files of this size are checked before they are written. */
const LARGE = 16 * 1024 * 1024;

/** Notices that a layer does not fit on the disk before the disk is full. */
export class DiskRoom {
  readonly #folder: string;
  #written = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Announces bytes to be written. @throws {DiskSpaceError} if there is too little room */
  claim(bytes: number): void {
    this.#written += bytes;
    if (bytes < LARGE && this.#written < INTERVAL) return;
    this.#written = 0;
    const { bavail, bsize } = statfsSync(this.#folder);
    const free = bavail * bsize;
    if (bytes > free) throw new DiskSpaceError(this.#folder, bytes, free);
  }
}
