import type { Descriptor } from '../oci/descriptor.ts';
import type { LayerProgress } from './layerJob.ts';

/** How far a transfer is, in bytes of the blobs. */
export interface Transfer {
  /** Read so far, from the network or the disk. */
  readonly done: number;
  /** Read from the network. */
  readonly downloaded: number;
  /** 0 while unknown. */
  readonly total: number;
  readonly layersDone: number;
  readonly layers: number;
}

/** The caller's side of a transfer. */
export interface TransferWatch {
  readonly signal: AbortSignal;
  readonly report: (transfer: Transfer) => void;
}

interface Sized {
  readonly descriptor: Descriptor;
}

/**
 * Processes layers concurrently and reports their combined progress. The first failure aborts the
 * others and is thrown once all have ended.
 * @param read reports the layer's progress; a layer of unknown size counts with the bytes last
 * reported
 */
export async function readLayers<L extends Sized, T>(
  layers: readonly L[],
  watch: TransferWatch,
  read: (layer: L, onProgress: (progress: LayerProgress) => void, signal: AbortSignal) => Promise<T>,
): Promise<T[]> {
  const meter = new TransferMeter(layers, watch.report);
  const failure = new AbortController();
  const signal = AbortSignal.any([watch.signal, failure.signal]);
  const works = layers.map(async layer => {
    const result = await read(layer, progress => meter.progress(layer, progress), signal);
    meter.layerDone(layer);
    return result;
  });
  try {
    return await Promise.all(works);
  } catch (error) {
    failure.abort(error);
    await Promise.allSettled(works);
    watch.signal.throwIfAborted();
    throw error;
  }
}

/** Adds up the progress of several layers. */
class TransferMeter {
  readonly #report: (transfer: Transfer) => void;
  readonly #layers: ReadonlyMap<Sized, { size: number; progress: LayerProgress }>;
  #layersDone = 0;

  constructor(layers: readonly Sized[], report: (transfer: Transfer) => void) {
    this.#report = report;
    this.#layers = new Map(
      layers.map(layer => [layer, { size: layer.descriptor.size, progress: { read: 0, downloaded: 0 } }]),
    );
  }

  progress(layer: Sized, progress: LayerProgress): void {
    const state = this.#layers.get(layer);
    if (state) state.progress = progress;
    this.#tell();
  }

  layerDone(layer: Sized): void {
    const state = this.#layers.get(layer);
    if (!state) return;
    this.#layersDone += 1;
    if (state.size < 0) state.size = state.progress.read;
    state.progress = { ...state.progress, read: state.size };
    this.#tell();
  }

  #tell(): void {
    const layers = [...this.#layers.values()];
    this.#report({
      done: sum(layers.map(({ progress }) => progress.read)),
      downloaded: sum(layers.map(({ progress }) => progress.downloaded)),
      total: layers.some(({ size }) => size < 0) ? 0 : sum(layers.map(({ size }) => size)),
      layersDone: this.#layersDone,
      layers: layers.length,
    });
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
