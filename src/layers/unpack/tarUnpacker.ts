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
  /** Where the layer goes: made if it is missing, else it must be empty. */
  readonly folder: string;
  /** The file for what the disk cannot say (see sidecar.ts). It is written at the end, whole or not at all. */
  readonly sidecar: string;
  readonly limits: UnpackLimits;
  /** How the blob is compressed; asked when the first byte comes. */
  readonly compression: () => Compression;
  /** One that made whiteouts before is quicker. */
  readonly specialFiles?: SpecialMaker;
  /** What the config says, see {@link DiffIdHash}. That it is so is the caller's to check. */
  readonly expected?: Digest;
  /** The blob's digest, for a caller who checks that too. */
  readonly blob?: Digest;
}

/** What a layer was. */
export interface Unpacked extends TarRead {
  /** What was left out or changed, for a person to read. */
  readonly warnings: readonly string[];
}

/**
 * Unpacks one layer's tar, as its bytes come, into a folder of its own, in the form that an overlay mount takes for a lower directory: whiteouts are devices 0/0, opaque
 * directories have `user.overlay.opaque` (mount with `userxattr`). What refers to other layers is left to {@link fixAcrossLayers}. After an error nothing more can
 * be written, and the folder holds rubbish.
 * @throws {InvalidLayerError} {@link TruncatedLayerError} {@link HostileEntryError} {@link LimitExceededError} {@link DiskSpaceError}, and the system's errors (ENOSPC, EACCES…)
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

  /** All bytes have come: checks that they were whole, and finishes the folder and its sidecar. */
  end(junk: number): Unpacked {
    const read = this.#reading.end(junk);
    writeSidecar(this.#sidecar, this.#finisher.finish(read.links));
    return { ...read, warnings: this.#warnings.list() };
  }

  close(): void {
    this.#reading.close();
  }
}
