import { constants } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

/** A folder or archive isn't an image: something is missing from it or is malformed. */
export class InvalidLocalImageError extends Error {
  /** The folder or archive. */
  readonly path: string;
  constructor(path: string, reason: string, options?: ErrorOptions) {
    super(`${path} can't be read as an image: ${reason}.`, options);
    this.name = 'InvalidLocalImageError';
    this.path = path;
  }
}

/** A folder or archive has no image of this tag or digest. */
export class NoSuchImageError extends Error {
  readonly path: string;
  constructor(path: string, version: string) {
    super(`${path} has no image ${JSON.stringify(version.slice(0, 200))}. Open it again to see the images it has.`);
    this.name = 'NoSuchImageError';
    this.path = path;
  }
}

/** The files of a local image by their names in it. */
export interface LocalFiles {
  /** The folder or archive. */
  readonly path: string;
  /** Returns a file's size in bytes; `undefined` if it does not exist. */
  size(name: string): Promise<number | undefined>;
  /**
   * Returns the bytes [start, end) of a file.
   * @throws {InvalidLocalImageError} it is missing or shorter
   */
  read(name: string, start: number, end: number): Promise<Buffer>;
}

/**
 * The files of a folder. Links are followed, out of the folder too: Bazel's rules_oci links a
 * layout's blobs to its cache. Every blob is verified by its digest, wherever it comes from.
 */
export class FolderFiles implements LocalFiles {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  async size(name: string): Promise<number | undefined> {
    const file = await this.#open(name);
    if (!file) return undefined;
    try {
      return (await file.stat()).size;
    } finally {
      await file.close();
    }
  }

  async read(name: string, start: number, end: number): Promise<Buffer> {
    const file = await this.#open(name);
    if (!file) throw new InvalidLocalImageError(this.path, `it has no ${name}`);
    try {
      return await readPart(file, start, end, () => new InvalidLocalImageError(this.path, `its ${name} is cut short`));
    } finally {
      await file.close();
    }
  }

  /**
   * Opens regular files only. A link may lead to a device, whose opening alone can have effects, or
   * to a FIFO, which blocks without O_NONBLOCK.
   */
  async #open(name: string): Promise<FileHandle | undefined> {
    const path = join(this.path, name);
    if (!(await stat(path).catch(() => undefined))?.isFile()) return undefined;
    const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(() => undefined);
    if (!file || (await file.stat()).isFile()) return file;
    await file.close();
    return undefined;
  }
}

/** Returns the bytes [start, end) of an open file. @param missing the error for a shorter file */
export async function readPart(file: FileHandle, start: number, end: number, missing: () => Error): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(end - start);
  for (let done = 0; done < bytes.length;) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, start + done);
    if (bytesRead === 0) throw missing();
    done += bytesRead;
  }
  return bytes;
}
