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

/** Milliseconds between two reports of found entries, and before the first. */
const INTERVAL = 300;
const FIRST = 30;

/** Collects a layer's listing in memory, and writes it once the whole layer is verified. */
export class ListingWriter implements Sink {
  readonly #target: ListingTarget;
  readonly #scan: LayerScan;
  /** Thrown at the end, where the blob's digest says whether the layer was damaged on the way. */
  #damage: InvalidLayerError | undefined;
  readonly #onFound: (found: FoundEntries) => void;
  #reported = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param onFound receives new entries if the target is followed; they are not verified yet */
  constructor(
    digest: Digest,
    target: ListingTarget,
    engine: InflateEngine | undefined,
    onFound: (found: FoundEntries) => void,
  ) {
    this.#target = target;
    this.#onFound = onFound;
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
    if (this.#target.followed)
      this.#timer ??= setTimeout(() => this.#report(), this.#reported === 0 ? FIRST : INTERVAL);
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

  #report(): void {
    this.#timer = undefined;
    const found = this.#scan.found(this.#reported);
    if (!found) return;
    this.#onFound({ from: this.#reported, part: found.part });
    this.#reported = found.count;
  }
}
