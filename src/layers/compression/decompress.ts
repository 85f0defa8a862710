import type { Compression } from '../../oci/compression.ts';
import type { Sink } from '../../oci/byteSource.ts';
import { UnsupportedCompressionError } from '../errors.ts';
import type { Inflater, InflaterFactory } from './inflater.ts';
import { NodeGzipInflater } from './nodeGzip.ts';
import { NodeZstdInflater } from './nodeZstd.ts';
import { zstdFrameKind } from './zstdFrame.ts';

/** What was found when a layer's bytes had all come. */
export interface Decompressed {
  readonly compression: Compression;
  /** Bytes of junk behind the compressed data. Harmless if the archive had ended before it; else part of the layer is lost. */
  readonly junk: number;
}

/** What other decoders than Node's own may be put in. */
export interface Inflaters {
  readonly gzip?: InflaterFactory;
  readonly zstd?: InflaterFactory;
}

/** The longest magic number that is looked for. */
const MAGIC_LENGTH = 6;

/**
 * Unpacks a layer's blob as it comes, whatever compresses it: the first bytes tell, for media types lie, and schema 1 has none. Output goes to `out` in a
 * buffer that is used again.
 * @throws {UnsupportedCompressionError} for xz and bzip2. @throws {InvalidLayerError}, {@link TruncatedLayerError} for damaged input.
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

  /** Known before any output comes. */
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
    const { junk } = this.#inflater?.end() ?? { junk: 0 };
    return { compression: this.#compression ?? 'none', junk };
  }

  /** Frees what it holds, when it is left before its end. */
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

/** Tells from a blob's first six bytes how it is compressed. @throws {UnsupportedCompressionError} */
export function sniffCompression(first: Buffer): Compression {
  if (startsWith(first, 0x1f, 0x8b)) return 'gzip';
  if (first.length >= 4 && zstdFrameKind(first.readUInt32LE())) return 'zstd';
  if (startsWith(first, 0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00)) throw new UnsupportedCompressionError('xz');
  if (startsWith(first, 0x42, 0x5a, 0x68) && !looksLikeName(first)) throw new UnsupportedCompressionError('bzip2');
  return 'none';
}

function startsWith(bytes: Buffer, ...magic: readonly number[]): boolean {
  return magic.every((byte, index) => bytes[index] === byte);
}

/** A tar archive starts with a name, and a name may start with `BZh`. A bzip2 stream has the level behind it, and then the first digits of pi. */
function looksLikeName(bytes: Buffer): boolean {
  return bytes[4] !== 0x31 || bytes[5] !== 0x41;
}
