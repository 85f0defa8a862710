import { closeSync, fstatSync, openSync, read, readSync, unlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** Where an listing lies: in memory or in a file. */
export interface ListingBytes {
  readonly length: number;
  /** The bytes [start, start + length); fewer where it ends. */
  read(start: number, length: number): Buffer;
  /** Its beginning, for whom the thread need not wait. */
  readFirst(length: number): Promise<Buffer>;
  /** It was found to be damaged: it must not be used again. */
  discard(): void;
  /** It is not used. */
  close(): void;
}

/** An listing in memory. */
export function bytesInMemory(bytes: Buffer): ListingBytes {
  return {
    length: bytes.length,
    read: (start, length) => bytes.subarray(start, start + length),
    readFirst: async length => bytes.subarray(0, length),
    discard() {},
    close() {},
  };
}

/** An listing in a file. Windows replaces no file that is open, and an listing is made anew while it is in use: there it is read whole. @throws the system's errors */
export async function openBytes(path: string): Promise<ListingBytes> {
  return process.platform === 'win32' ? bytesInMemory(await readFile(path)) : new ListingFile(path);
}

const readAsync = promisify(read);

/** Files of listings that nobody has any more are closed. */
const closing = new FinalizationRegistry<number>(closeSync);

/**
 * An listing in a file, which stays open as long as the listing is in use: the cache may be cleaned meanwhile. Pieces are read at once, for they are small and were written or read before, so that the
 * system has them in memory. @throws the system's errors
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
      // Somebody else took it away.
    }
  }

  close(): void {
    closing.unregister(this);
    closeSync(this.#fd);
  }
}
