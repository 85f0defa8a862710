import { writeWholeFileSync } from '../blobs/wholeFile.ts';
import type { FoundEntries } from '../browse/sources/growingLayer.ts';
import { LayerScan } from '../browse/listing/layerScan.ts';
import { ZstdPointRecorder } from '../browse/formats/zstdRestartPoints.ts';
import { InvalidLayerError } from '../layers/errors.ts';
import type { InflateEngine } from '../layers/compression/inflate/engine.ts';
import type { Sink } from '../oci/byteSource.ts';
import type { Digest } from '../oci/digest.ts';
import { DiffIdMismatchError } from './layerErrors.ts';
import type { ListingTarget } from './layerJob.ts';

/** What was found is told so long after the last time, and the first of it sooner. Milliseconds. */
const PACE = 300;
const FIRST = 30;

/** A layer's index on its way: kept in memory, and written when all of the layer was verified. */
export class ListingWriter implements Sink {
  readonly #target: ListingTarget;
  readonly #scan: LayerScan;
  /** What is wrong with the layer; told at its end, when the blob's digest says whether the way damaged it. */
  #damage: InvalidLayerError | undefined;
  readonly #tell: (found: FoundEntries) => void;
  #told = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param tell is given what was found so far, for whoever follows; not verified, as nothing is before the end */
  constructor(
    digest: Digest,
    target: ListingTarget,
    engine: InflateEngine | undefined,
    tell: (found: FoundEntries) => void,
  ) {
    this.#target = target;
    this.#tell = tell;
    this.#scan = new LayerScan(digest, target, engine, new ZstdPointRecorder(target.copyPath));
  }

  write(chunk: Uint8Array): void {
    if (this.#damage) return;
    try {
      this.#scan.write(chunk);
    } catch (error) {
      if (!(error instanceof InvalidLayerError)) throw error;
      this.#damage = error;
    }
    if (this.#target.followed) this.#timer ??= setTimeout(() => this.#follow(), this.#told === 0 ? FIRST : PACE);
  }

  /** @throws {DiffIdMismatchError} @throws {InvalidLayerError} */
  finish(): void {
    clearTimeout(this.#timer);
    if (this.#damage) throw this.#damage;
    const { diffId, listing, restartPoints } = this.#scan.end();
    const { path, pointsPath, diffId: expected } = this.#target;
    if (expected && diffId !== expected) throw new DiffIdMismatchError(expected, diffId);
    if (restartPoints) writeWholeFileSync(pointsPath, restartPoints);
    writeWholeFileSync(path, listing);
  }

  abandon(): void {
    clearTimeout(this.#timer);
    this.#scan.close();
  }

  #follow(): void {
    this.#timer = undefined;
    const found = this.#scan.found(this.#told);
    if (!found) return;
    this.#tell({ from: this.#told, part: found.part });
    this.#told = found.count;
  }
}
