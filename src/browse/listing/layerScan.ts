import { crc32 } from 'node:zlib';
import { Decompressor } from '../../layers/compression/decompress.ts';
import { DiffIdHash } from '../../layers/unpack/diffId.ts';
import { InvalidLayerError, LimitExceededError } from '../../layers/errors.ts';
import type { InflateEngine } from '../../layers/compression/inflate/engine.ts';
import type { UnpackLimits } from '../../layers/unpack/layerVisitor.ts';
import type { TarEntry, TarVisitor } from '../../layers/tar/tarEntry.ts';
import { TarReader } from '../../layers/tar/tarReader.ts';
import { NodeZstdInflater } from '../../layers/compression/nodeZstd.ts';
import { wasmGzip } from '../../layers/compression/wasmGzip.ts';
import type { Sink } from '../../oci/byteSource.ts';
import type { Digest } from '../../oci/digest.ts';
import { ListingBuilder, listingEntry } from './listingBuilder.ts';
import type { ListingPart } from './listingFormat.ts';
import { POINT_DISTANCE, RestartPointRecorder } from '../formats/restartPoints.ts';
import { SecretScan } from '../../secrets/secretScan.ts';
import type { ZstdPointRecorder } from '../formats/zstdRestartPoints.ts';

/** The results of one pass over a layer. */
export interface Scanned {
  readonly diffId: Digest;
  /** File for `LayerListing.read`. */
  readonly listing: Buffer;
  /** File for `RestartPoints.read` of a gzip layer, or `ZstdRestartPoints.read` of a zstd layer. */
  readonly restartPoints?: Buffer;
  readonly entries: number;
}

export interface ScanTerms {
  readonly limits: UnpackLimits;
  /** From the config, see {@link DiffIdHash}. The caller compares it with the result. */
  readonly diffId?: Digest | undefined;
}

/** Reads a layer's blob without extracting it: lists entries, and records restart points. */
export class LayerScan implements Sink {
  readonly #digest: Digest;
  readonly #maxBytes: number;
  readonly #decompressor: Decompressor;
  readonly #hash: DiffIdHash;
  readonly #reader: TarReader;
  readonly #visitor: ListingVisitor;
  readonly #restartPoints = new RestartPointRecorder();
  readonly #zstd: ZstdPointRecorder | undefined;
  /** Set when the layer turns out to be zstd. */
  #copied: ZstdPointRecorder | undefined;

  /**
   * @param digest of the blob, which the caller verifies
   * @param engine without it, later reads of a gzip layer start at its beginning
   * @param zstd the same for a zstd layer
   */
  constructor(
    digest: Digest,
    { limits, diffId }: ScanTerms,
    engine: InflateEngine | undefined,
    zstd?: ZstdPointRecorder,
  ) {
    this.#digest = digest;
    this.#hash = new DiffIdHash(diffId);
    this.#maxBytes = limits.maxBytes;
    this.#visitor = new ListingVisitor(limits.maxEntries, () => this.#reader.position);
    this.#reader = new TarReader(this.#visitor);
    const report = { every: POINT_DISTANCE, onBlock: this.#restartPoints.record.bind(this.#restartPoints) };
    const gzip = engine && wasmGzip(engine, { checksum: false, report });
    this.#zstd = zstd;
    this.#decompressor = new Decompressor(
      { write: chunk => this.#take(chunk) },
      { ...(gzip ? { gzip } : {}), zstd: out => this.#zstdInflater(out) },
    );
  }

  write(chunk: Uint8Array): void {
    this.#decompressor.write(chunk);
  }

  /** Call after the last byte. @throws {InvalidLayerError} {@link TruncatedLayerError} */
  end(): Scanned {
    const { compression, junk } = this.#decompressor.end();
    const { marked } = this.#reader.end();
    if (junk > 0 && !marked)
      throw new InvalidLayerError(`${junk} bytes of its compressed data are damaged, and its archive has no end`);
    const { diffId } = this.#hash.read();
    const { builder } = this.#visitor;
    return {
      diffId,
      listing: builder.finish({ digest: this.#digest, kind: compression, diffId }, { tree: true }),
      ...(compression === 'gzip' ? { restartPoints: this.#restartPoints.finish() } : {}),
      ...(this.#copied ? { restartPoints: this.#copied.finish() } : {}),
      entries: builder.count,
    };
  }

  /** Returns the entries found since the first `from`, if any. */
  found(from: number): { readonly part: ListingPart; readonly count: number } | undefined {
    const { builder } = this.#visitor;
    if (builder.count === from) return undefined;
    return { part: builder.part(from), count: builder.count };
  }

  /** Frees its memory after a scan that did not reach its end. */
  close(): void {
    this.#decompressor.close();
    this.#zstd?.abandon();
  }

  #zstdInflater(out: Sink): NodeZstdInflater {
    this.#copied = this.#zstd;
    return new NodeZstdInflater(out, at => this.#copied?.frame(at));
  }

  #take(chunk: Uint8Array): void {
    this.#hash.update(chunk);
    if (this.#hash.size > this.#maxBytes) throw new LimitExceededError('bytes', this.#maxBytes);
    this.#copied?.write(chunk);
    this.#reader.write(chunk);
  }
}

class ListingVisitor implements TarVisitor {
  readonly builder = new ListingBuilder();
  readonly #maxEntries: number;
  readonly #position: () => number;
  readonly #secrets = new SecretScan();
  #crc = 0;

  /** @param position of the reader, which at an entry is the start of its content */
  constructor(maxEntries: number, position: () => number) {
    this.#maxEntries = maxEntries;
    this.#position = position;
  }

  entry(entry: TarEntry): void {
    if (this.builder.count >= this.#maxEntries) throw new LimitExceededError('entries', this.#maxEntries);
    this.#crc = 0;
    this.#secrets.begin(entry.path, entry.type === 'file' && !entry.sparse ? entry.size : 0);
    this.builder.add(listingEntry(entry, this.#position()));
  }

  data(chunk: Uint8Array): void {
    this.#crc = crc32(chunk, this.#crc);
    this.#secrets.data(chunk);
  }

  endEntry(): void {
    this.builder.setCrc(this.#crc);
    const suspects = this.#secrets.end();
    if (suspects.length > 0) this.builder.setSuspects(suspects);
  }
}
