import { open, type FileHandle } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { Decompressor } from '../../layers/compression/decompress.ts';
import { InflateEngine } from '../../layers/compression/inflate/engine.ts';
import type { GzipPoint } from '../../layers/compression/inflate/inflate.ts';
import { wasmGzip } from '../../layers/compression/wasmGzip.ts';
import type { Sink } from '../../oci/byteSource.ts';
import { FileDamagedError } from '../errors.ts';
import type { LayerFiles } from './layerFiles.ts';
import type { LayerListing } from '../listing/layerListing.ts';
import type { RestartPoints } from '../formats/restartPoints.ts';
import { withHoles } from './holes.ts';
import type { ZstdRestartPoints } from '../formats/zstdRestartPoints.ts';

/** Bytes inflated between two turns of the event loop. */
const CHUNK = 1 << 17;

export interface BlobLayerOptions {
  readonly listing: LayerListing;
  /** Downloads the blob unless it is cached, and returns its path. */
  readonly blob: (signal: AbortSignal) => Promise<string>;
  /** Of a gzip layer. */
  readonly restartPoints: () => Promise<RestartPoints | undefined>;
  /** Of a zstd layer. */
  readonly frames: () => Promise<ZstdRestartPoints | undefined>;
}

/**
 * A layer whose blob is cached. Reading a file starts at the restart point, frame or copied piece
 * before it, or at the beginning of the layer if it has none.
 */
export class BlobLayer implements LayerFiles {
  readonly listing: LayerListing;
  readonly #options: BlobLayerOptions;
  #restartPoints: Promise<RestartPoints | undefined> | undefined;
  #frames: Promise<ZstdRestartPoints | undefined> | undefined;
  #engine: InflateEngine | undefined;

  constructor(options: BlobLayerOptions) {
    this.listing = options.listing;
    this.#options = options;
  }

  async read(at: number, sink: Sink, signal: AbortSignal): Promise<void> {
    const entry = this.listing.entry(at);
    const part = new Part(entry.offset, entry.storedSize, withHoles(entry, sink));
    if (this.listing.facts.kind === 'zstd') await this.#fromCopy(part, signal);
    if (!part.done) await this.#inflate(part, signal);
    part.end();
    if (!part.done || part.crc !== entry.crc) throw new FileDamagedError(entry.path);
  }

  /** Reads as many pieces of the copy as are available. */
  async #fromCopy(part: Part, signal: AbortSignal): Promise<void> {
    this.#frames ??= this.#options.frames();
    const frames = await this.#frames;
    for (let piece = await frames?.piece(part.next); piece && !part.done; piece = await frames?.piece(part.next)) {
      signal.throwIfAborted();
      const before = part.next;
      part.start(piece.out);
      part.write(piece.bytes);
      // The piece is too short.
      if (part.next === before) return;
    }
  }

  async #inflate(part: Part, signal: AbortSignal): Promise<void> {
    const file = await open(await this.#options.blob(signal));
    try {
      if (this.listing.facts.kind === 'none') return await pump(file, part.next, part, part, signal);
      const frame = (await this.#frames)?.before(part.next);
      const point = await this.#pointBefore(part.next);
      part.start(frame?.out ?? point?.out ?? 0);
      const decoder = this.#decoder(point, part);
      try {
        await pump(file, frame?.in ?? (point ? Math.floor(point.in / 8) : 0), decoder, part, signal);
      } finally {
        decoder.close();
      }
    } finally {
      await file.close();
    }
  }

  async #pointBefore(offset: number): Promise<GzipPoint | undefined> {
    this.#engine ??= InflateEngine.load();
    if (this.listing.facts.kind !== 'gzip' || !this.#engine) return undefined;
    this.#restartPoints ??= this.#options.restartPoints();
    return (await this.#restartPoints)?.before(offset);
  }

  #decoder(from: GzipPoint | undefined, out: Sink): Sink & { close(): void } {
    const gzip = this.#engine && wasmGzip(this.#engine, { checksum: false, ...(from ? { from } : {}) });
    // The middle of a gzip stream does not start with gzip's magic bytes.
    if (from && gzip) return gzip(out);
    return new Decompressor(out, gzip ? { gzip } : {});
  }
}

async function pump(file: FileHandle, from: number, decoder: Sink, part: Part, signal: AbortSignal): Promise<void> {
  const buffer = Buffer.allocUnsafe(CHUNK);
  if (decoder === part) part.start(from);
  for (let at = from; !part.done;) {
    const { bytesRead } = await file.read(buffer, 0, CHUNK, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    decoder.write(buffer.subarray(0, bytesRead));
    await setImmediate();
    signal.throwIfAborted();
  }
}

/** Passes on one part of an archive, and computes its checksum. */
class Part implements Sink {
  readonly #end: number;
  readonly #out: Sink & { end(): void };
  #position = 0;
  /** Archive offset of the next byte wanted. */
  next: number;
  crc = 0;

  constructor(offset: number, length: number, out: Sink & { end(): void }) {
    this.next = offset;
    this.#end = offset + length;
    this.#out = out;
  }

  get done(): boolean {
    return this.next >= this.#end;
  }

  /** Sets the archive offset of the next bytes written. */
  start(position: number): void {
    this.#position = position;
  }

  write(chunk: Uint8Array): void {
    const from = Math.max(0, this.next - this.#position);
    const to = Math.min(chunk.length, this.#end - this.#position);
    this.#position += chunk.length;
    if (from >= to) return;
    this.next += to - from;
    const wanted = chunk.subarray(from, to);
    this.crc = crc32(wanted, this.crc);
    this.#out.write(wanted);
  }

  end(): void {
    this.#out.end();
  }
}
