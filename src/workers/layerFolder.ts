import { renameSync, rmSync } from 'node:fs';
import type { SpecialMaker } from '../layers/unpack/specialFiles.ts';
import type { TarUnpackOptions, Unpacked } from '../layers/unpack/tarUnpacker.ts';
import type { Digest } from '../oci/digest.ts';
import { DiffIdMismatchError } from './layerErrors.ts';
import type { UnpackedLayer, UnpackTarget } from './layerJob.ts';

/** A layer's folder and sidecar, written under other names and renamed when complete. */
export class LayerFolder {
  readonly #target: UnpackTarget;
  readonly #blob: Digest;
  readonly #specials: SpecialMaker;

  /** Removes what an earlier attempt left. */
  constructor(target: UnpackTarget, blob: Digest, specials: SpecialMaker) {
    this.#target = target;
    this.#blob = blob;
    this.#specials = specials;
    this.drop();
  }

  /** The options for unpacking into it. */
  get options(): Omit<TarUnpackOptions, 'compression'> {
    const { limits, diffId } = this.#target;
    return {
      folder: this.#partial,
      sidecar: this.#partialSidecar,
      limits,
      specialFiles: this.#specials,
      blob: this.#blob,
      ...(diffId ? { expected: diffId } : {}),
    };
  }

  /**
   * Moves the unpacked layer to its final name if its diff ID is the config's.
   * @throws {DiffIdMismatchError}
   */
  commit({ diffId, compression, size, entries, warnings }: Unpacked): UnpackedLayer {
    const { folder, sidecar, diffId: expected } = this.#target;
    if (expected && diffId !== expected) throw new DiffIdMismatchError(expected, diffId);
    rmSync(folder, { recursive: true, force: true });
    renameSync(this.#partial, folder);
    renameSync(this.#partialSidecar, sidecar);
    this.#specials.moved(this.#partial, folder);
    return { diffId, compression, tarSize: size, entries, warnings };
  }

  /** Removes what was written. */
  drop(): void {
    rmSync(this.#partial, { recursive: true, force: true });
    rmSync(this.#partialSidecar, { force: true });
  }

  get #partial(): string {
    return `${this.#target.folder}.partial`;
  }

  get #partialSidecar(): string {
    return `${this.#target.sidecar}.partial`;
  }
}
