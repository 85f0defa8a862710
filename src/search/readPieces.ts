import { closeSync, openSync, readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import type { RestartPoints } from '../browse/points.ts';
import { type Compression, Decompressor } from '../layers/decompress.ts';
import type { InflateEngine } from '../layers/inflate/engine.ts';
import type { GzipPoint } from '../layers/inflate/inflate.ts';
import { wasmGzip } from '../layers/wasmGzip.ts';
import type { Sink } from '../oci/byteSource.ts';
import type { Piece } from './searchJob.ts';

/** Bytes of a blob that are read at once. */
const CHUNK = 1 << 18;

/** A layer's blob on the disk. */
export interface StoredBlob {
  readonly path: string;
  readonly compression: Compression;
  readonly points: RestartPoints | undefined;
  /** Unpacks gzip faster than Node's zlib does; restart points are of use only with it. */
  readonly engine: InflateEngine | undefined;
}

/** Takes the content of pieces: of each `begin`, its bytes in any number of parts, `end`. */
export interface PieceSink extends Sink {
  begin(piece: number): void;
  /** @returns false when no more pieces are wanted */
  end(): boolean;
}

/** The bytes of a file are not those that were there when the layer was verified. */
export class DamagedBlobError extends Error {
  constructor(path: string) {
    super(`The cached blob ${path} has changed on the disk since it was verified. Clean the cache and search again.`);
    this.name = 'DamagedBlobError';
  }
}

/**
 * Reads pieces of a layer's archive, which come in its order, in one pass over the blob that ends with the last of them; what lies between two pieces is jumped over where that is possible.
 * @throws {DamagedBlobError} @throws {InvalidLayerError}
 */
export function readPieces(blob: StoredBlob, pieces: readonly Piece[], sink: PieceSink): void {
  const file = openSync(blob.path, 'r');
  const cutter = new Cutter(blob.path, pieces, sink);
  const buffer = Buffer.allocUnsafe(CHUNK);
  try {
    while (!cutter.done) runFrom(file, startBefore(blob, cutter.wanted), blob, cutter, buffer);
  } finally {
    closeSync(file);
  }
}

/** Where decoding begins: at a place of the archive that is in the blob at `from`. */
interface Start {
  readonly from: number;
  readonly out: number;
  readonly point?: GzipPoint;
}

function startBefore({ compression, points, engine }: StoredBlob, wanted: number): Start {
  if (compression === 'none') return { from: wanted, out: wanted };
  const point = compression === 'gzip' && engine ? points?.before(wanted) : undefined;
  return point ? { from: Math.floor(point.in / 8), out: point.out, point } : { from: 0, out: 0 };
}

/** Decodes until all is read, or until a jump is the shorter way to the next piece. */
function runFrom(file: number, start: Start, blob: StoredBlob, cutter: Cutter, buffer: Buffer): void {
  cutter.startAt(start.out);
  const decoder = decoderFor(start, blob, cutter);
  try {
    for (let at = start.from; !cutter.done;) {
      const count = readSync(file, buffer, 0, CHUNK, at);
      if (count === 0) throw new DamagedBlobError(blob.path);
      at += count;
      decoder.write(buffer.subarray(0, count));
      if (!cutter.done && nearestStart(blob, cutter.wanted) > cutter.position) return;
    }
  } finally {
    decoder.close();
  }
}

function nearestStart({ compression, points, engine }: StoredBlob, wanted: number): number {
  if (compression === 'none') return wanted - CHUNK;
  return compression === 'gzip' && engine ? (points?.outBefore(wanted) ?? 0) : 0;
}

function decoderFor({ point }: Start, { compression, engine }: StoredBlob, cutter: Cutter): Sink & { close(): void } {
  if (compression === 'none') return { write: chunk => cutter.write(chunk), close: () => undefined };
  const gzip = engine && wasmGzip(engine, { checksum: false, ...(point ? { from: point } : {}) });
  // What starts in the middle is no gzip by its first bytes.
  if (point && gzip) return gzip(cutter);
  return new Decompressor(cutter, gzip ? { gzip } : {});
}

/** Cuts the pieces out of the archive as it comes, and checks each. */
class Cutter implements Sink {
  readonly #path: string;
  readonly #pieces: readonly Piece[];
  readonly #sink: PieceSink;
  /** The piece that is wanted next, or has begun. */
  #at = 0;
  #used = 0;
  #crc = 0;
  /** In the archive. */
  position = 0;

  constructor(path: string, pieces: readonly Piece[], sink: PieceSink) {
    this.#path = path;
    this.#pieces = pieces;
    this.#sink = sink;
  }

  get done(): boolean {
    return this.#at >= this.#pieces.length;
  }

  /** Where in the archive the next byte lies that is wanted. */
  get wanted(): number {
    return (this.#pieces[this.#at]?.offset ?? 0) + this.#used;
  }

  startAt(position: number): void {
    this.position = position;
  }

  write(chunk: Uint8Array): void {
    const start = this.position;
    this.position += chunk.length;
    for (let piece = this.#pieces[this.#at]; piece; piece = this.#pieces[this.#at]) {
      const from = piece.offset + this.#used - start;
      const count = Math.min(piece.size - this.#used, chunk.length - from);
      if (from >= chunk.length || count < 0) return;
      if (from < 0) throw new DamagedBlobError(this.#path);
      if (this.#used === 0) this.#sink.begin(this.#at);
      const part = chunk.subarray(from, from + count);
      this.#crc = crc32(part, this.#crc);
      this.#sink.write(part);
      this.#used += count;
      if (this.#used < piece.size) return;
      this.#end(piece);
    }
  }

  #end({ crc }: Piece): void {
    if (this.#crc !== crc) throw new DamagedBlobError(this.#path);
    const more = this.#sink.end();
    this.#at = more ? this.#at + 1 : this.#pieces.length;
    this.#used = 0;
    this.#crc = 0;
  }
}
