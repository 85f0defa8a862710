import { closeSync, openSync, readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import type { RestartPoints } from '../formats/restartPoints.ts';
import { Decompressor } from '../../layers/compression/decompress.ts';
import type { Compression } from '../../oci/compression.ts';
import type { InflateEngine } from '../../layers/compression/inflate/engine.ts';
import type { GzipPoint } from '../../layers/compression/inflate/inflate.ts';
import { wasmGzip } from '../../layers/compression/wasmGzip.ts';
import type { Sink } from '../../oci/byteSource.ts';
import { DamagedBlobError } from '../errors.ts';
import { PIECE } from './layerPieces.ts';

/** Bytes of a blob read at once. */
const CHUNK = 1 << 18;

/** A layer's blob on disk. */
export interface StoredBlob {
  readonly path: string;
  readonly compression: Compression;
  readonly restartPoints: RestartPoints | undefined;
  /** Decompresses gzip faster than Node's zlib does. Restart points need it. */
  readonly engine: InflateEngine | undefined;
}

/** Receives the content of pieces: for each `begin`, its bytes in any number of chunks, `end`. */
export interface PieceSink extends Sink {
  begin(piece: number): void;
  /** Returns whether more pieces are wanted. */
  end(): boolean;
}

/**
 * Reads pieces of a layer's archive (see `LayerPieces.pieces`) in one pass over the blob. The pass
 * ends with the last piece, and skips what lies between pieces where it can.
 * @throws {DamagedBlobError} @throws {InvalidLayerError}
 */
export function readPieces(blob: StoredBlob, pieces: Float64Array, sink: PieceSink): void {
  const file = openSync(blob.path, 'r');
  const cutter = new Cutter(blob.path, pieces, sink);
  const buffer = Buffer.allocUnsafe(CHUNK);
  try {
    while (!cutter.done) runFrom(file, startBefore(blob, cutter.wanted), blob, cutter, buffer);
  } finally {
    closeSync(file);
  }
}

/** Where decoding starts: at `out` in the archive, which is at `from` in the blob. */
interface Start {
  readonly from: number;
  readonly out: number;
  readonly point?: GzipPoint;
}

function startBefore({ compression, restartPoints, engine }: StoredBlob, wanted: number): Start {
  if (compression === 'none') return { from: wanted, out: wanted };
  const point = compression === 'gzip' && engine ? restartPoints?.before(wanted) : undefined;
  return point ? { from: Math.floor(point.in / 8), out: point.out, point } : { from: 0, out: 0 };
}

/** Decodes until everything is read, or until a jump gets to the next piece sooner. */
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

function nearestStart({ compression, restartPoints, engine }: StoredBlob, wanted: number): number {
  if (compression === 'none') return wanted - CHUNK;
  return compression === 'gzip' && engine ? (restartPoints?.outBefore(wanted) ?? 0) : 0;
}

function decoderFor({ point }: Start, { compression, engine }: StoredBlob, cutter: Cutter): Sink & { close(): void } {
  if (compression === 'none') return { write: chunk => cutter.write(chunk), close: () => undefined };
  const gzip = engine && wasmGzip(engine, { checksum: false, ...(point ? { from: point } : {}) });
  // A stream that starts in the middle has no gzip header to detect.
  if (point && gzip) return gzip(cutter);
  return new Decompressor(cutter, gzip ? { gzip } : {});
}

/** Cuts the pieces out of the archive as it arrives, and verifies each. */
class Cutter implements Sink {
  readonly #path: string;
  readonly #pieces: Float64Array;
  readonly #sink: PieceSink;
  /** The piece that is next, or has begun. */
  #at = 0;
  #used = 0;
  #crc = 0;
  #done: boolean;
  /** Offset in the archive. */
  position = 0;

  constructor(path: string, pieces: Float64Array, sink: PieceSink) {
    this.#path = path;
    this.#pieces = pieces;
    this.#sink = sink;
    this.#done = pieces.length === 0;
  }

  get done(): boolean {
    return this.#done;
  }

  /** Offset in the archive of the next byte that is wanted. */
  get wanted(): number {
    return this.#offset + this.#used;
  }

  startAt(position: number): void {
    this.position = position;
  }

  write(chunk: Uint8Array): void {
    const start = this.position;
    this.position += chunk.length;
    while (!this.#done) {
      const from = this.wanted - start;
      if (from >= chunk.length) return;
      if (from < 0) throw new DamagedBlobError(this.#path);
      if (this.#used === 0) this.#sink.begin(this.#at);
      const part = chunk.subarray(from, from + this.#size - this.#used);
      this.#crc = crc32(part, this.#crc);
      this.#sink.write(part);
      this.#used += part.length;
      if (this.#used < this.#size) return;
      this.#end();
    }
  }

  get #offset(): number {
    return this.#pieces[this.#at * PIECE] ?? 0;
  }

  get #size(): number {
    return this.#pieces[this.#at * PIECE + 1] ?? 0;
  }

  #end(): void {
    if (this.#crc !== this.#pieces[this.#at * PIECE + 2]) throw new DamagedBlobError(this.#path);
    this.#at += 1;
    this.#used = 0;
    this.#crc = 0;
    this.#done = !this.#sink.end() || this.#at * PIECE >= this.#pieces.length;
  }
}
