import type { Compression } from '../../oci/compression.ts';
import type { Sink } from '../../oci/byteSource.ts';
import { UnsupportedCompressionError } from '../errors.ts';
import type { Inflater, InflaterFactory } from './inflater.ts';
import { NodeGzipInflater } from './nodeGzip.ts';
import { NodeZstdInflater } from './nodeZstd.ts';
import { zstdFrameKind } from './zstdFrame.ts';

/** What is known once all of a layer's bytes were read. */
export interface Decompressed {
  readonly compression: Compression;
  /** Bytes of junk after the compressed data, harmless only if the archive ended before. */
  readonly junk: number;
}

/** Decoders to use in place of Node's. */
export interface Inflaters {
  readonly gzip?: InflaterFactory;
  readonly zstd?: InflaterFactory;
}

/** The longest magic number. */
const MAGIC_LENGTH = 6;

/**
 * Decompresses a layer's blob in chunks of any size. Goes by the first bytes, because media types
 * may be wrong and schema 1 has none. Output goes to `out` in a buffer that is reused.
 * @throws {UnsupportedCompressionError} {@link InvalidLayerError} {@link TruncatedLayerError}
 */
export class Decompressor implements Sink {
  readonly #out: Sink;
  readonly #inflaters: Inflaters;
  #compression: Compression | undefined;
  #inflater: Inflater | undefined;
  #first = Buffer.alloc(0);

  constructor(out: Sink, inflaters: Inflaters = {}) {
    this.#out = out;
    this.#inflaters = inflaters;
  }

  /** Known before the first output. */
  get compression(): Compression | undefined {
    return this.#compression;
  }

  write(chunk: Uint8Array): void {
    if (this.#inflater) this.#inflater.write(chunk);
    else if (this.#compression) this.#out.write(chunk);
    else {
      this.#first = Buffer.concat([this.#first, chunk]);
      if (this.#first.length >= MAGIC_LENGTH) this.#start();
    }
  }

  end(): Decompressed {
    if (!this.#compression) this.#start();
    return { compression: this.#compression ?? 'none', junk: this.#inflater?.end() ?? 0 };
  }

  /** Frees memory. Needed only without a call of `end`. */
  close(): void {
    this.#inflater?.close();
  }

  #start(): void {
    const first = this.#first;
    this.#first = Buffer.alloc(0);
    this.#compression = sniffCompression(first);
    if (this.#compression === 'gzip') {
      this.#inflater = this.#inflaters.gzip?.(this.#out) ?? new NodeGzipInflater(this.#out);
    } else if (this.#compression === 'zstd') {
      this.#inflater = this.#inflaters.zstd?.(this.#out) ?? new NodeZstdInflater(this.#out);
    }
    if (first.length > 0) this.write(first);
  }
}

/** Detects a blob's compression by its first six bytes. @throws {UnsupportedCompressionError} */
export function sniffCompression(first: Buffer): Compression {
  if (startsWith(first, 0x1f, 0x8b)) return 'gzip';
  if (first.length >= 4 && zstdFrameKind(first.readUInt32LE())) return 'zstd';
  if (startsWith(first, 0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00)) throw new UnsupportedCompressionError('xz');
  if (startsWith(first, 0x04, 0x22, 0x4d, 0x18)) throw new UnsupportedCompressionError('lz4');
  if (startsWith(first, 0x42, 0x5a, 0x68) && !looksLikeName(first)) throw new UnsupportedCompressionError('bzip2');
  return 'none';
}

function startsWith(bytes: Buffer, ...magic: readonly number[]): boolean {
  return magic.every((byte, index) => bytes[index] === byte);
}

/** A tar archive may begin with a name like `BZh`. In bzip2, the level and digits of pi follow. */
function looksLikeName(bytes: Buffer): boolean {
  return bytes[4] !== 0x31 || bytes[5] !== 0x41;
}
