import { mkdirSync, readdirSync } from 'node:fs';
import type { Digest } from '../../oci/digest.ts';
import type { Compression } from '../../oci/compression.ts';
import { DiskRoom } from './diskRoom.ts';
import { FolderNotEmptyError } from '../errors.ts';
import type { TarSink } from './layerReading.ts';
import type { UnpackLimits } from './layerVisitor.ts';
import { OverlayDeletions } from './overlayDeletions.ts';
import { Ownership } from './ownership.ts';
import { TreeFinisher } from './finishTree.ts';
import { writeSidecar } from './sidecar.ts';
import { SpecialMaker } from './specialFiles.ts';
import { type TarRead, TarReading } from './tarReading.ts';
import { TreeWriter } from './treeWriter.ts';
import { Warnings } from '../warnings.ts';

export interface TarUnpackOptions {
  /** Created if it is missing, otherwise it must be empty. */
  readonly folder: string;
  /**
   * Where to record what the disk does not show (see sidecar.ts). Written at the end, atomically.
   */
  readonly sidecar: string;
  readonly limits: UnpackLimits;
  /** Called when the first byte arrives. */
  readonly compression: () => Compression;
  /** One that made whiteouts before is quicker. */
  readonly specialFiles?: SpecialMaker;
  /** The config's diff ID, see {@link DiffIdHash}; comparing is up to the caller. */
  readonly expected?: Digest;
  /** The blob's digest, if the caller verifies it. */
  readonly blob?: Digest;
}

/** A layer that was unpacked. */
export interface Unpacked extends TarRead {
  /** What was left out or changed, for the user. */
  readonly warnings: readonly string[];
}

/**
 * Unpacks one layer's tar, as its bytes arrive, into a folder that can be a lower directory of an
 * overlay mount: whiteouts are devices 0/0, opaque directories have `user.overlay.opaque` (mount
 * with `userxattr`). {@link fixAcrossLayers} does what needs other layers. After an error nothing
 * more can be written, and the folder is useless.
 * @throws {InvalidLayerError} {@link TruncatedLayerError} {@link HostileEntryError} {@link
 * LimitExceededError} {@link DiskSpaceError}, and the system's errors (ENOSPC, EACCES…)
 */
export class TarUnpacker implements TarSink<Unpacked> {
  readonly #sidecar: string;
  readonly #warnings = new Warnings();
  readonly #finisher: TreeFinisher;
  readonly #reading: TarReading;

  constructor({ folder, sidecar, specialFiles = new SpecialMaker(), ...options }: TarUnpackOptions) {
    this.#sidecar = sidecar;
    mkdirSync(folder, { recursive: true });
    if (readdirSync(folder).length > 0) throw new FolderNotEmptyError(folder);
    const warnings = this.#warnings;
    const ownership = new Ownership(folder);
    const tree = new TreeWriter(folder, options.limits.maxEntries, ownership, warnings);
    this.#finisher = new TreeFinisher({ folder, tree, ownership, warnings, specialFiles, overlay: true });
    const deletions = new OverlayDeletions(tree);
    this.#reading = new TarReading({
      ...options,
      tree,
      deletions,
      room: new DiskRoom(folder),
      warnings,
      linksBelow: true,
    });
  }

  write(chunk: Uint8Array): void {
    this.#reading.write(chunk);
  }

  /** Checks that the bytes were complete, and finishes the folder and its sidecar. */
  end(junk: number): Unpacked {
    const read = this.#reading.end(junk);
    writeSidecar(this.#sidecar, this.#finisher.finish(read.links));
    return { ...read, warnings: this.#warnings.list() };
  }

  close(): void {
    this.#reading.close();
  }
}
