import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, stat, utimes, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { createWholeFile } from '../blobs/wholeFile.ts';
import { sniffCompression } from '../layers/compression/decompress.ts';
import { ZSTD_PARAMS } from '../layers/compression/nodeZlib.ts';
import type { Compression } from '../oci/compression.ts';
import { errorCode } from '../oci/errorCode.ts';
import { InvalidLocalImageError } from './layoutFiles.ts';

/** The caller's side of opening an archive. */
export interface ArchiveWatch {
  readonly signal: AbortSignal;
  /** Reports how many bytes of a compressed archive have been read. */
  readonly onProgress: (done: number, total: number) => void;
}

/**
 * Returns a path that allows random access: the given one or, for an archive compressed as a whole,
 * a decompressed copy in the cache, made once per state of the file.
 * @param cache folder for decompressed archives
 * @throws {InvalidLocalImageError} it is damaged, or compressed in a way that Peel can't read
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

/** Whether the file exists. Marks it as used, since pruning removes what was unused for longest. */
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
    const reason = "it is compressed as a whole, in a way that Peel can't read; decompress it first";
    throw new InvalidLocalImageError(path, reason, { cause });
  } finally {
    await file.close();
  }
}

const CHUNK = 1 << 20;

/** Decompresses with Node's own zlib threads, off the extension host's. */
async function unpack(
  path: string,
  compression: 'gzip' | 'zstd',
  target: FileHandle,
  signal: AbortSignal,
  onRead: (done: number) => void,
): Promise<void> {
  const decoder =
    compression === 'gzip'
      ? createGunzip({ chunkSize: CHUNK })
      : createZstdDecompress({ chunkSize: CHUNK, params: ZSTD_PARAMS });
  let read = 0;
  const count = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      yield chunk;
      onRead((read += chunk.length));
    }
  };
  // A stream over the handle would close it, or never end with `autoClose: false`.
  const write = async (chunks: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of chunks) await target.writeFile(chunk);
  };
  const unreadable = (options?: ErrorOptions): Error =>
    new InvalidLocalImageError(
      path,
      `its compressed data is damaged, cut short, or has several parts; decompress it first, with ${compression} -d`,
      options,
    );
  try {
    await pipeline(createReadStream(path), count, decoder, write, { signal });
  } catch (cause) {
    if (errorCode(cause)?.startsWith('Z')) throw unreadable({ cause });
    throw cause;
  }
  // Node stops silently at the end of the first of several parts.
  if (decoder.bytesWritten < read) throw unreadable();
}
