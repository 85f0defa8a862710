import { renameSync, rmSync } from 'node:fs';
import type { SpecialMaker } from '../layers/unpack/specialFiles.ts';
import type { TarUnpackOptions, Unpacked } from '../layers/unpack/tarUnpacker.ts';
import type { Digest } from '../oci/digest.ts';
import { DiffIdMismatchError } from './layerErrors.ts';
import type { UnpackedLayer, UnpackTarget } from './layerJob.ts';

/** A layer's folder and its sidecar on their way: made beside their places, renamed when they are whole. */
export class LayerFolder {
  readonly #target: UnpackTarget;
  readonly #blob: Digest;
  readonly #specials: SpecialMaker;

  /** Takes away what an earlier try left. */
  constructor(target: UnpackTarget, blob: Digest, specials: SpecialMaker) {
    this.#target = target;
    this.#blob = blob;
    this.#specials = specials;
    this.drop();
  }

  /** How it is to be unpacked. */
  get options(): Omit<TarUnpackOptions, 'compression'> {
    const { limits, diffId } = this.#target;
    return {
      folder: this.#beside,
      sidecar: this.#sidecarBeside,
      limits,
      specials: this.#specials,
      blob: this.#blob,
      ...(diffId ? { expected: diffId } : {}),
    };
  }

  /** It is unpacked: puts it into its place, if it is what the image's config says. @throws {DiffIdMismatchError} */
  place({ diffId, compression, size, entries, warnings }: Unpacked): UnpackedLayer {
    const { folder, sidecar, diffId: expected } = this.#target;
    if (expected && diffId !== expected) throw new DiffIdMismatchError(expected, diffId);
    rmSync(folder, { recursive: true, force: true });
    renameSync(this.#beside, folder);
    renameSync(this.#sidecarBeside, sidecar);
    this.#specials.moved(this.#beside, folder);
    return { diffId, compression, tarSize: size, entries, warnings };
  }

  /** Takes away what was written: it is of no use without its end. */
  drop(): void {
    rmSync(this.#beside, { recursive: true, force: true });
    rmSync(this.#sidecarBeside, { force: true });
  }

  get #beside(): string {
    return `${this.#target.folder}.partial`;
  }

  get #sidecarBeside(): string {
    return `${this.#target.sidecar}.partial`;
  }
}
