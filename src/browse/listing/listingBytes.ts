import { closeSync, fstatSync, openSync, read, readSync, unlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** The bytes of a listing, in memory or in a file. */
export interface ListingBytes {
  readonly length: number;
  /** Returns the bytes [start, start + length); fewer at the end. */
  read(start: number, length: number): Buffer;
  /** Reads the beginning without blocking the thread. */
  readFirst(length: number): Promise<Buffer>;
  /** Removes a listing found to be damaged, so that it is not used again. */
  discard(): void;
  /** Releases a listing that turned out unusable. */
  close(): void;
}

export function bytesInMemory(bytes: Buffer): ListingBytes {
  return {
    length: bytes.length,
    read: (start, length) => bytes.subarray(start, start + length),
    readFirst: async length => bytes.subarray(0, length),
    discard() {},
    close() {},
  };
}

/**
 * Opens the file of a listing. On Windows, where an open file cannot be replaced and a listing may
 * be rewritten while it is in use, the whole file is read at once.
 */
export async function openBytes(path: string): Promise<ListingBytes> {
  return process.platform === 'win32' ? bytesInMemory(await readFile(path)) : new ListingFile(path);
}

const readAsync = promisify(read);

/** Closes the files of listings that were garbage-collected. */
const closing = new FinalizationRegistry<number>(closeSync);

/**
 * A listing in a file, which stays open so that cleaning the cache does not disturb it. Reads are
 * synchronous: they are short, and the system nearly always has the bytes in its page cache.
 */
class ListingFile implements ListingBytes {
  readonly length: number;
  readonly #path: string;
  readonly #fd: number;

  constructor(path: string) {
    this.#path = path;
    this.#fd = openSync(path, 'r');
    closing.register(this, this.#fd, this);
    this.length = fstatSync(this.#fd).size;
  }

  read(start: number, length: number): Buffer {
    const buffer = Buffer.allocUnsafeSlow(length);
    return buffer.subarray(0, readSync(this.#fd, buffer, 0, length, start));
  }

  async readFirst(length: number): Promise<Buffer> {
    const { bytesRead, buffer } = await readAsync(this.#fd, Buffer.allocUnsafeSlow(length), 0, length, 0);
    return buffer.subarray(0, bytesRead);
  }

  discard(): void {
    try {
      unlinkSync(this.#path);
    } catch {
      // It was already removed.
    }
  }

  close(): void {
    closing.unregister(this);
    closeSync(this.#fd);
  }
}
