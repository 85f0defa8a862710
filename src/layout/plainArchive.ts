import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, stat, utimes, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { createWholeFile } from '../blobs/wholeFile.ts';
import { sniffCompression } from '../layers/compression/decompress.ts';
import type { Compression } from '../oci/compression.ts';
import { errorCode } from '../oci/errorCode.ts';
import { InvalidLocalImageError } from './layoutFiles.ts';

/** Who waits for an archive. */
export interface ArchiveWatch {
  readonly signal: AbortSignal;
  /** How much of a compressed archive was read, in bytes. */
  readonly onProgress: (done: number, total: number) => void;
}

/**
 * Where an image's files can be read at any place: the path itself, or, for an archive that is compressed as a whole, what it was unpacked to. That is done once, into the cache, under a name that
 * stands for this path as it is now: whole or not at all.
 * @param cache folder for unpacked archives
 * @throws {InvalidLocalImageError} it is compressed in a way that Peel does not read, or damaged
 */
export async function plainArchive(path: string, cache: string, watch: ArchiveWatch): Promise<string> {
  const found = await stat(path);
  const compression = found.isFile() ? await compressionOf(path) : 'none';
  if (compression === 'none') return path;
  const { mtimeMs, size, ino } = found;
  const key = createHash('sha256').update(`${path}\0${mtimeMs}\0${size}\0${ino}`).digest('hex');
  const plain = join(cache, `${key}.tar`);
  if (await touched(plain)) return plain;
  await mkdir(cache, { recursive: true });
  await createWholeFile(plain, 0o644, file =>
    unpack(path, compression, file, watch.signal, done => watch.onProgress(done, size)),
  );
  return plain;
}

/** True when the file is there. Marks it as used, for the cache is cut down by what was not used for the longest time. */
async function touched(path: string): Promise<boolean> {
  const now = new Date();
  return utimes(path, now, now).then(
    () => true,
    () => false,
  );
}

async function compressionOf(path: string): Promise<Compression> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(6), 0, 6, 0);
    return sniffCompression(buffer.subarray(0, bytesRead));
  } catch (cause) {
    const reason = 'it is compressed as a whole in a way that Peel does not read; decompress it first';
    throw new InvalidLocalImageError(path, reason, { cause });
  } finally {
    await file.close();
  }
}

/** Node inflates in threads of its own, so that nobody waits for it. */
async function unpack(
  path: string,
  compression: 'gzip' | 'zstd',
  target: FileHandle,
  signal: AbortSignal,
  onRead: (done: number) => void,
): Promise<void> {
  const decoder = compression === 'gzip' ? createGunzip() : createZstdDecompress();
  let read = 0;
  const count = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      yield chunk;
      onRead((read += chunk.length));
    }
  };
  const unreadable = (options?: ErrorOptions): Error =>
    new InvalidLocalImageError(
      path,
      `its compressed data is damaged or cut short, or in parts that Peel does not read; decompress it first, with ${compression} -d`,
      options,
    );
  try {
    await pipeline(createReadStream(path), count, decoder, target.createWriteStream({ autoClose: false }), { signal });
  } catch (cause) {
    if (errorCode(cause)?.startsWith('Z')) throw unreadable({ cause });
    throw cause;
  }
  // Node stops without a word where the first part of several ends.
  if (decoder.bytesWritten < read) throw unreadable();
}
