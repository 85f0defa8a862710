import { constants, gzipSync, zstdCompressSync } from 'node:zlib';

export type Compression = 'gzip' | 'zstd' | 'none';

/** Compresses a layer, to the same bytes on every system. */
export function compress(tar: Buffer, compression: Compression): Buffer {
  if (compression === 'none') return tar;
  if (compression === 'zstd') return zstdCompressSync(tar, { params: { [constants.ZSTD_c_compressionLevel]: 3 } });
  const bytes = gzipSync(tar, { level: 6 });
  // The header names the system it was made on; 255 = unknown.
  bytes[9] = 255;
  return bytes;
}
