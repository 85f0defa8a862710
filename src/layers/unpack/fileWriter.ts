import { closeSync, ftruncateSync, futimesSync, openSync, writeSync } from 'node:fs';
import { CREATE, type Ownership } from './ownership.ts';
import type { SidecarFacts } from './sidecar.ts';
import type { TarEntry } from '../tar/tarEntry.ts';

/** Zeros of this length and alignment become a hole. */
const HOLE = 64 * 1024;
const ZEROS = Buffer.alloc(HOLE);

/**
 * Writes one file. Long runs of zeros become holes, also where an archive holds a sparse file in
 * full.
 */
export class FileWriter {
  readonly #fd: number;
  readonly #entry: TarEntry;
  readonly #createMode: number;
  #length = 0;
  #open = true;

  /** Creates the file, and never opens or follows an existing one. @throws the system's EEXIST */
  constructor(path: string | Buffer, entry: TarEntry, ownership: Ownership) {
    this.#entry = entry;
    this.#createMode = ownership.createMode(entry);
    this.#fd = openSync(path, CREATE, this.#createMode);
  }

  write(chunk: Uint8Array, position: number): void {
    if (chunk.length < HOLE) return this.#writeAll(chunk, position, 0, chunk.length);
    let from = 0;
    for (let at = 0; at < chunk.length; at += HOLE) {
      const end = Math.min(at + HOLE, chunk.length);
      if (!isZero(chunk, at, end)) continue;
      this.#writeAll(chunk, position, from, at);
      from = end;
    }
    this.#writeAll(chunk, position, from, chunk.length);
  }

  /** Sets length, owner, mode and time. Returns what the disk does not show. */
  finish(ownership: Ownership): SidecarFacts | undefined {
    if (this.#length !== this.#entry.size) ftruncateSync(this.#fd, this.#entry.size);
    const facts = ownership.finishFile(this.#fd, this.#entry, this.#createMode);
    const time = diskTime(this.#entry.mtime);
    futimesSync(this.#fd, time, time);
    this.close();
    return facts;
  }

  /** Closes the file as it is. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    closeSync(this.#fd);
  }

  #writeAll(chunk: Uint8Array, position: number, start: number, end: number): void {
    for (let at = start; at < end;) at += writeSync(this.#fd, chunk, at, end - at, position + at);
    if (end > start) this.#length = position + end;
  }
}

function isZero(chunk: Uint8Array, start: number, end: number): boolean {
  if (chunk[start] !== 0 || chunk[end - 1] !== 0) return false;
  return ZEROS.compare(chunk, start, end, 0, end - start) === 0;
}

/**
 * The last date that JavaScript can hold, in seconds. File systems end much earlier, and clamp by
 * themselves.
 */
const LAST_TIME = 8.64e12;

/**
 * Converts a time for Node's `utimes`, which takes numbers below 0 for now. Dates have no fractions
 * of a millisecond, so other times stay numbers.
 */
export function diskTime(seconds: number): number | Date {
  const time = Math.min(Math.max(seconds, -LAST_TIME), LAST_TIME);
  return time < 0 ? new Date(Math.floor(time * 1000)) : time;
}
