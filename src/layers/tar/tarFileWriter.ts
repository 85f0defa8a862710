import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { dataSegments } from './fileHoles.ts';
import { encodeHeader, END_MARK, type EncodedEntry } from './tarEncoder.ts';
import type { Segment } from './tarEntry.ts';
import { paddingOf } from './tarHeader.ts';

const CHUNK = 1024 * 1024;
/** Bytes of a block as stat(2) counts them. */
const STAT_BLOCK = 512;

/** A file changed between its listing and its reading, or is not a plain file any more. */
export class ChangedFileError extends Error {
  constructor(path: string) {
    super(`${JSON.stringify(path)} changed while it was read. Let nothing write into the layers, and try again.`);
    this.name = 'ChangedFileError';
  }
}

/** Writes a tar archive of files on the disk. Holes stay holes. */
export class TarFileWriter {
  readonly #file: FileHandle;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Adds an entry, with content and size of the file at `source`. @throws {ChangedFileError} */
  async add(entry: EncodedEntry, source?: Buffer, signal?: AbortSignal): Promise<void> {
    if (source === undefined) return this.#write(encodeHeader(entry));
    // A link or FIFO that has replaced the file must neither lead elsewhere nor block.
    const content = await open(source, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stat = await content.stat();
      if (!stat.isFile()) throw new ChangedFileError(entry.path);
      const { size } = stat;
      const sparse = stat.blocks * STAT_BLOCK < size ? await dataSegments(content, size, signal) : undefined;
      await this.#write(encodeHeader({ ...entry, size, ...(sparse ? { sparse } : {}) }));
      await this.#copy(entry.path, content, sparse ?? [{ offset: 0, length: size }], signal);
    } finally {
      await content.close();
    }
  }

  async end(): Promise<void> {
    await this.#write(END_MARK);
  }

  async #copy(path: string, content: FileHandle, segments: readonly Segment[], signal?: AbortSignal): Promise<void> {
    const buffer = Buffer.allocUnsafe(CHUNK);
    let total = 0;
    for (const { offset, length } of segments) {
      for (let done = 0; done < length;) {
        signal?.throwIfAborted();
        const { bytesRead } = await content.read(buffer, 0, Math.min(CHUNK, length - done), offset + done);
        if (bytesRead === 0) throw new ChangedFileError(path);
        await this.#write(buffer.subarray(0, bytesRead));
        done += bytesRead;
      }
      total += length;
    }
    await this.#write(Buffer.alloc(paddingOf(total)));
  }

  async #write(bytes: Buffer): Promise<void> {
    for (let done = 0; done < bytes.length;) done += (await this.#file.write(bytes, done)).bytesWritten;
  }
}
