import type { Digest } from '../../oci/digest.ts';
import type { Compression } from '../../oci/compression.ts';
import { DiffIdHash } from './diffId.ts';
import type { DiskRoom } from './diskRoom.ts';
import { InvalidLayerError, LimitExceededError } from '../errors.ts';
import type { TarSink } from './layerReading.ts';
import {
  type Deletions,
  LayerVisitor,
  missingLink,
  type OpenLink,
  type TreeMaker,
  type UnpackLimits,
} from './layerVisitor.ts';
import { TarReader } from '../tar/tarReader.ts';
import type { Warnings } from '../warnings.ts';

export interface TarReadingOptions {
  readonly tree: TreeMaker;
  readonly deletions: Deletions;
  readonly room: Pick<DiskRoom, 'claim'>;
  readonly limits: UnpackLimits;
  readonly warnings: Warnings;
  /** Called when the first byte arrives. */
  readonly compression: () => Compression;
  /** Hard links may name files of lower layers that are not in this tree. */
  readonly linksBelow: boolean;
  /** The config's diff ID, see {@link DiffIdHash}; comparing is up to the caller. */
  readonly expected?: Digest;
  /** The blob's digest, if the caller verifies it. */
  readonly blob?: Digest;
}

/** A layer that was read. */
export interface TarRead {
  /** Digest of the uncompressed tar, including bytes after its end; see {@link DiffIdHash}. */
  readonly diffId: Digest;
  /** Bytes of the tar. */
  readonly size: number;
  readonly entries: number;
  readonly compression: Compression;
  /** Hard links that could not be made when they came. */
  readonly links: readonly OpenLink[];
}

/**
 * Hashes one layer's uncompressed bytes, reads them as tar, and makes files, all within the call
 * that brings them.
 */
export class TarReading implements TarSink<TarRead> {
  readonly #options: TarReadingOptions;
  readonly #visitor: LayerVisitor;
  readonly #reader: TarReader;
  #hash: DiffIdHash | undefined;

  constructor(options: TarReadingOptions) {
    this.#options = options;
    this.#visitor = new LayerVisitor(options);
    this.#reader = new TarReader(this.#visitor);
  }

  /** Entries so far, including the current one. */
  get entries(): number {
    return this.#visitor.entries;
  }

  write(chunk: Uint8Array): void {
    const { maxBytes } = this.#options.limits;
    this.#hash ??= this.#startHash();
    this.#hash.update(chunk);
    if (this.#hash.size > maxBytes) throw new LimitExceededError('bytes', maxBytes);
    this.#reader.write(chunk);
  }

  end(junk: number): TarRead {
    const end = this.#reader.end();
    const { warnings, compression, linksBelow } = this.#options;
    if (junk > 0 && !end.marked)
      throw new InvalidLayerError(`${junk} bytes of its compressed data are damaged, and its archive has no end`);
    if (junk > 0) warnings.add(`${junk} bytes after the end of the compressed data were ignored`);
    warnings.addAll(end.warnings);
    const hash = this.#hash ?? this.#startHash();
    const { diffId } = hash.read();
    const links = this.#visitor.end();
    if (!linksBelow) for (const { path, target, late } of links) if (!late) warnings.add(missingLink(path, target));
    return { diffId, size: hash.size, entries: this.entries, compression: compression(), links };
  }

  close(): void {
    this.#visitor.close();
  }

  #startHash(): DiffIdHash {
    const { expected, blob, compression } = this.#options;
    return new DiffIdHash(expected, compression() === 'none' ? blob : undefined);
  }
}
