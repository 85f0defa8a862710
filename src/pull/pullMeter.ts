import type { Layer } from '../oci/layer.ts';
import type { LayerProgress, LayerResult } from '../workers/layerJob.ts';

/** How far a pull is. Bytes are those of the blobs. */
export interface PullProgress {
  /** Read so far, wherever they came from. */
  readonly read: number;
  /** Of these, over the network. */
  readonly downloaded: number;
  /** -1 while a layer's size is unknown. */
  readonly total: number;
  readonly layersDone: number;
  readonly layers: number;
}

/** Adds the layers' progress up and passes it on, as often as the threads tell of it. */
export class PullMeter {
  readonly #layers: Map<number, { size: number; progress: LayerProgress; done: boolean }>;
  readonly #onProgress: (progress: PullProgress) => void;

  constructor(layers: readonly Layer[], onProgress: (progress: PullProgress) => void) {
    this.#layers = new Map(
      layers.map(layer => [
        layer.number,
        { size: layer.descriptor.size, progress: { read: 0, downloaded: 0 }, done: false },
      ]),
    );
    this.#onProgress = onProgress;
  }

  layerProgress(number: number, progress: LayerProgress): void {
    const layer = this.#layers.get(number);
    if (layer) layer.progress = progress;
    this.#tell();
  }

  layerDone(number: number, result: LayerResult): void {
    const layer = this.#layers.get(number);
    if (!layer) return;
    layer.done = true;
    layer.size = result.size;
    layer.progress = { read: result.size, downloaded: result.cached ? 0 : layer.progress.downloaded };
    this.#tell();
  }

  /** The last word: everything is there. */
  end(): void {
    this.#tell();
  }

  #tell(): void {
    const all = [...this.#layers.values()];
    const total = all.some(layer => layer.size < 0) ? -1 : sum(all.map(layer => layer.size));
    this.#onProgress({
      read: sum(all.map(layer => layer.progress.read)),
      downloaded: sum(all.map(layer => layer.progress.downloaded)),
      total,
      layersDone: all.filter(layer => layer.done).length,
      layers: all.length,
    });
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
