import { mkdirSync, readdirSync } from 'node:fs';
import type { Sink } from '../oci/byteSource.ts';
import type { Digest } from '../oci/digest.ts';
import { type Compression, Decompressor, type Inflaters } from './decompress.ts';
import { DiffIdHash } from './diffId.ts';
import { DiskRoom } from './diskRoom.ts';
import { FolderNotEmptyError, InvalidLayerError, LimitExceededError } from './errors.ts';
import { type Deletions, LayerVisitor, type TreeMaker, type UnpackLimits } from './layerVisitor.ts';
import { OverlayDeletions } from './overlayDeletions.ts';
import { Ownership } from './ownership.ts';
import { Settling } from './settle.ts';
import { writeSidecar } from './sidecar.ts';
import { SpecialMaker } from './specials.ts';
import { TarReader } from './tarReader.ts';
import { TreeWriter } from './treeWriter.ts';
import { Warnings } from './warnings.ts';

export type { UnpackLimits } from './layerVisitor.ts';

/** What nobody need raise for an honest image; the settings have the same. */
export const DEFAULT_LIMITS: UnpackLimits = { maxBytes: 102_400e6, maxEntries: 2_000_000 };

export interface UnpackOptions {
  /** Where the layer goes: made if it is missing, else it must be empty. */
  readonly folder: string;
  /** The file for what the disk cannot say (see sidecar.ts). It is written at the end, whole or not at all. */
  readonly sidecar: string;
  readonly limits: UnpackLimits;
  /** Decoders in place of Node's own. */
  readonly inflaters?: Inflaters;
  /** One that made whiteouts before is quicker. */
  readonly specials?: SpecialMaker;
  /** What the config says, see {@link DiffIdHash}. That it is so is the caller's to check. */
  readonly expected?: Digest;
  /** The blob's digest, for a caller who checks that too. */
  readonly blob?: Digest;
}

/** What a layer was. */
export interface Unpacked {
  /** Digest over the uncompressed tar, with whatever stands behind its end; see {@link DiffIdHash}. */
  readonly diffId: Digest;
  /** Bytes of that tar. */
  readonly size: number;
  readonly entries: number;
  readonly compression: Compression;
  /** What was left out or changed, for a person to read. */
  readonly warnings: readonly string[];
}

/**
 * Unpacks one layer's blob, as its bytes come, into a folder of its own, in the form that an overlay mount takes for a lower directory: whiteouts are devices 0/0, opaque
 * directories have `user.overlay.opaque` (mount with `userxattr`). What refers to other layers is left to {@link finishLayers}. After an error nothing more can
 * be written, and the folder holds rubbish.
 * @throws {InvalidLayerError} {@link TruncatedLayerError} {@link UnsupportedCompressionError} {@link HostileEntryError} {@link LimitExceededError} {@link DiskSpaceError},
 * and the system's errors (ENOSPC, EACCES…)
 */
export class LayerUnpacker implements Sink {
  readonly #sidecar: string;
  readonly #warnings = new Warnings();
  readonly #settling: Settling;
  readonly #reading: LayerReading;

  constructor({ folder, sidecar, limits, inflaters, specials = new SpecialMaker(), expected, blob }: UnpackOptions) {
    this.#sidecar = sidecar;
    mkdirSync(folder, { recursive: true });
    if (readdirSync(folder).length > 0) throw new FolderNotEmptyError(folder);
    const ownership = new Ownership(folder);
    const tree = new TreeWriter(folder, limits.maxEntries, ownership, this.#warnings);
    this.#settling = new Settling({ folder, tree, ownership, warnings: this.#warnings, specials, overlay: true });
    this.#reading = new LayerReading({
      tree,
      deletions: new OverlayDeletions(tree),
      room: new DiskRoom(folder),
      limits,
      warnings: this.#warnings,
      ...(inflaters ? { inflaters } : {}),
      ...(expected ? { expected } : {}),
      ...(blob ? { blob } : {}),
    });
  }

  write(chunk: Uint8Array): void {
    this.#reading.write(chunk);
  }

  /** All bytes have come: checks that they were whole, and finishes the folder and its sidecar. */
  end(): Unpacked {
    const read = this.#reading.end();
    writeSidecar(this.#sidecar, this.#settling.settle());
    return { ...read, warnings: this.#warnings.list() };
  }

  /** Frees what it holds, when it is left before its end. */
  close(): void {
    this.#reading.close();
  }
}

export interface LayerReadingOptions {
  readonly tree: TreeMaker;
  readonly deletions: Deletions;
  readonly room: Pick<DiskRoom, 'claim'>;
  readonly limits: UnpackLimits;
  readonly warnings: Warnings;
  readonly inflaters?: Inflaters;
  readonly expected?: Digest;
  readonly blob?: Digest;
}

/** The way of one layer's bytes: decompressed, hashed, read as tar, and made into files, all within the call that brings them. */
export class LayerReading implements Sink {
  readonly #decompressor: Decompressor;
  readonly #startHash: () => DiffIdHash;
  #hash: DiffIdHash | undefined;
  readonly #reader: TarReader;
  readonly #visitor: LayerVisitor;
  readonly #warnings: Warnings;
  readonly #maxBytes: number;

  constructor({ inflaters, expected, blob, ...options }: LayerReadingOptions) {
    this.#startHash = () => new DiffIdHash(expected, this.#decompressor.compression === 'none' ? blob : undefined);
    this.#maxBytes = options.limits.maxBytes;
    this.#warnings = options.warnings;
    this.#visitor = new LayerVisitor(options);
    this.#reader = new TarReader(this.#visitor);
    this.#decompressor = new Decompressor({ write: chunk => this.#take(chunk) }, inflaters);
  }

  /** Entries so far, the one that is just being taken included. */
  get entries(): number {
    return this.#visitor.entries;
  }

  write(chunk: Uint8Array): void {
    try {
      this.#decompressor.write(chunk);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  end(): Omit<Unpacked, 'warnings'> {
    try {
      const { compression, junk, warnings } = this.#decompressor.end();
      const end = this.#reader.end();
      if (junk > 0 && !end.marked) {
        throw new InvalidLayerError(`${junk} bytes of its compressed data are damaged, and its archive has no end`);
      }
      this.#warnings.addAll([...warnings, ...end.warnings]);
      const hash = this.#hash ?? this.#startHash();
      return { diffId: hash.read().diffId, size: hash.size, entries: this.#visitor.entries, compression };
    } finally {
      this.close();
    }
  }

  close(): void {
    this.#decompressor.close();
    this.#visitor.close();
  }

  #take(chunk: Uint8Array): void {
    this.#hash ??= this.#startHash();
    this.#hash.update(chunk);
    if (this.#hash.size > this.#maxBytes) throw new LimitExceededError('bytes', this.#maxBytes);
    this.#reader.write(chunk);
  }
}
