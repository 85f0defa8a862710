import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

/** A local image cannot be used: what it should hold is missing, or is not what it should be. */
export class InvalidLocalImageError extends Error {
  /** The folder or archive. */
  readonly path: string;
  constructor(path: string, reason: string, options?: ErrorOptions) {
    super(`${path} holds no image that can be read: ${reason}.`, options);
    this.name = 'InvalidLocalImageError';
    this.path = path;
  }
}

/** A local source has no image of this name. */
export class NoSuchImageError extends Error {
  readonly path: string;
  constructor(path: string, version: string) {
    super(`${path} has no image ${JSON.stringify(version.slice(0, 200))}. Open it again to see which it has.`);
    this.name = 'NoSuchImageError';
    this.path = path;
  }
}

/** The files of a local image by their names in it. */
export interface LocalFiles {
  /** The folder or archive. */
  readonly path: string;
  /** Bytes of a file; `undefined` where there is none of this name. */
  size(name: string): Promise<number | undefined>;
  /** The bytes [start, end) of a file. @throws {InvalidLocalImageError} it is missing or shorter */
  read(name: string, start: number, end: number): Promise<Buffer>;
}

/** The files of a folder. Links are not followed: a layout has none, and they could lead anywhere. */
export class FolderFiles implements LocalFiles {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  async size(name: string): Promise<number | undefined> {
    const file = await this.#open(name);
    if (!file) return undefined;
    try {
      const stat = await file.stat();
      return stat.isFile() ? stat.size : undefined;
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

  async #open(name: string): Promise<FileHandle | undefined> {
    // Neither does a FIFO hold us.
    const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
    return open(join(this.path, name), flags).catch(() => undefined);
  }
}

/** The bytes [start, end) of an open file. */
export async function readPart(file: FileHandle, start: number, end: number, missing: () => Error): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(end - start);
  for (let done = 0; done < bytes.length;) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, start + done);
    if (bytesRead === 0) throw missing();
    done += bytesRead;
  }
  return bytes;
}
