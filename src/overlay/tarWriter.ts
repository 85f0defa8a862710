import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { dataRanges, type Range } from '../layers/tar/fileHoles.ts';

/** What an entry is made of. Paths are one char for each byte (latin1). */
export interface TarItem {
  readonly path: string;
  readonly type: 'directory' | 'file' | 'hardlink' | 'symlink' | 'char' | 'block' | 'fifo';
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  /** Milliseconds. */
  readonly mtimeMs: number;
  readonly xattrs: ReadonlyMap<string, Buffer>;
  /** Of a hard link or a symbolic link. */
  readonly target?: string;
  readonly major?: number;
  readonly minor?: number;
  /** Where a file's content is read from. */
  readonly source?: Buffer;
}

const FLAGS = { file: '0', hardlink: '1', symlink: '2', char: '3', block: '4', directory: '5', fifo: '6' } as const;
const BLOCK = 512;
const CHUNK = 1024 * 1024;

/** A file changed between the look at it and the reading, or is no plain file any more. */
export class ChangedFileError extends Error {
  constructor(path: string) {
    super(`${JSON.stringify(path)} changed while it was read. Let nothing write into the layers, and try again.`);
    this.name = 'ChangedFileError';
  }
}

/**
 * Writes a tar archive for GNU tar, which makes of it what Node cannot: other people's files, devices, capabilities. Everything that a plain
 * header may be too small for goes into PAX records (POSIX pax; xattrs as star and GNU tar write them; sparse files in GNU's format 1.0).
 */
export class TarWriter {
  readonly #file: FileHandle;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** @throws {ChangedFileError} */
  async add(item: TarItem, signal?: AbortSignal): Promise<void> {
    if (item.type !== 'file' || item.source === undefined) return this.#head(item, 0, []);
    // Neither a link nor a FIFO that was put there meanwhile can lead or hold us.
    const source = await open(item.source, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stat = await source.stat();
      if (!stat.isFile()) throw new ChangedFileError(item.path);
      if (stat.blocks * BLOCK < stat.size) await this.#addSparse(item, source, stat.size, signal);
      else {
        await this.#head(item, stat.size, []);
        await this.#copy(item, source, [{ offset: 0, length: stat.size }], signal);
        await this.#pad(stat.size);
      }
    } finally {
      await source.close();
    }
  }

  /** The two empty blocks. */
  async end(): Promise<void> {
    await this.#file.write(Buffer.alloc(2 * BLOCK));
  }

  async #addSparse(item: TarItem, source: FileHandle, size: number, signal?: AbortSignal): Promise<void> {
    const ranges = await dataRanges(source, size, signal);
    const listed = [...ranges, { offset: size, length: 0 }];
    const map = `${listed.length}\n${listed.map(({ offset, length }) => `${offset}\n${length}\n`).join('')}`;
    const data = ranges.reduce((sum, { length }) => sum + length, 0);
    const stored = Math.ceil(map.length / BLOCK) * BLOCK + data;
    await this.#head(item, stored, [
      ['GNU.sparse.major', Buffer.from('1')],
      ['GNU.sparse.minor', Buffer.from('0')],
      ['GNU.sparse.name', Buffer.from(item.path, 'latin1')],
      ['GNU.sparse.realsize', Buffer.from(String(size))],
    ]);
    await this.#file.write(padded(Buffer.from(map)));
    await this.#copy(item, source, ranges, signal);
    await this.#pad(data);
  }

  async #copy(item: TarItem, source: FileHandle, ranges: readonly Range[], signal?: AbortSignal): Promise<void> {
    const buffer = Buffer.allocUnsafe(CHUNK);
    for (const { offset, length } of ranges) {
      for (let done = 0; done < length;) {
        signal?.throwIfAborted();
        const { bytesRead } = await source.read(buffer, 0, Math.min(CHUNK, length - done), offset + done);
        if (bytesRead === 0) throw new ChangedFileError(item.path);
        await writeAll(this.#file, buffer.subarray(0, bytesRead));
        done += bytesRead;
      }
    }
  }

  async #pad(size: number): Promise<void> {
    const rest = size % BLOCK;
    if (rest > 0) await writeAll(this.#file, Buffer.alloc(BLOCK - rest));
  }

  async #head(item: TarItem, size: number, more: readonly (readonly [string, Buffer])[]): Promise<void> {
    const records: (readonly [string, Buffer])[] = [
      ['path', Buffer.from(item.path, 'latin1')],
      ['mtime', Buffer.from((item.mtimeMs / 1000).toFixed(3))],
      ['uid', Buffer.from(String(item.uid))],
      ['gid', Buffer.from(String(item.gid))],
      ['size', Buffer.from(String(size))],
      ...(item.target === undefined ? [] : [['linkpath', Buffer.from(item.target, 'latin1')] as const]),
      ...[...item.xattrs].map(([name, value]) => [`SCHILY.xattr.${name}`, value] as const),
      ...more,
    ];
    const pax = Buffer.concat(records.map(([key, value]) => paxRecord(key, value)));
    await writeAll(
      this.#file,
      header({ flag: 'x', size: pax.length, mode: 0o600, uid: 0, gid: 0, mtime: 0, major: 0, minor: 0 }),
    );
    await writeAll(this.#file, padded(pax));
    await writeAll(
      this.#file,
      header({
        flag: FLAGS[item.type],
        size,
        mode: item.mode,
        uid: item.uid,
        gid: item.gid,
        mtime: Math.max(0, Math.trunc(item.mtimeMs / 1000)),
        major: item.major ?? 0,
        minor: item.minor ?? 0,
      }),
    );
  }
}

async function writeAll(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += (await file.write(bytes, done)).bytesWritten;
  }
}

function padded(bytes: Buffer): Buffer {
  const rest = bytes.length % BLOCK;
  return rest === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(BLOCK - rest)]);
}

/** `length key=value\n`, where the length counts itself. */
function paxRecord(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

interface HeaderFields {
  readonly flag: string;
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  readonly major: number;
  readonly minor: number;
}

/** A number as octal digits; what has no room is in the PAX records, and is 0 here. */
function octal(value: number, width: number): string {
  const digits = value.toString(8);
  return `${(digits.length > width - 1 ? '0' : digits).padStart(width - 1, '0')}\0`;
}

function header(fields: HeaderFields): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write('peel', 0);
  block.write(octal(fields.mode, 8), 100);
  block.write(octal(fields.uid, 8), 108);
  block.write(octal(fields.gid, 8), 116);
  block.write(octal(fields.size, 12), 124);
  block.write(octal(fields.mtime, 12), 136);
  block.write('        ', 148);
  block.write(fields.flag, 156);
  block.write('ustar\u000000', 257, 'latin1');
  block.write(octal(fields.major, 8), 329);
  block.write(octal(fields.minor, 8), 337);
  block.write(
    `${octal(
      block.reduce((sum, byte) => sum + byte, 0),
      7,
    )} `,
    148,
  );
  return block;
}
