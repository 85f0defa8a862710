import type { Descriptor } from '../../oci/descriptor.ts';
import type { LayerProgress } from '../../workers/layerJob.ts';
import type { Transfer } from '../common/transferText.ts';

/** Who waits for layers that are read. */
export interface ReadingWatch {
  readonly signal: AbortSignal;
  readonly report: (transfer: Transfer) => void;
}

interface Sized {
  readonly descriptor: Descriptor;
}

/** Reads layers at the same time, and tells how far all of them are. One that fails ends the others; its failure is thrown. */
export async function readLayers<L extends Sized, T>(
  layers: readonly L[],
  watch: ReadingWatch,
  read: (layer: L, onProgress: (progress: LayerProgress) => void, signal: AbortSignal) => Promise<T>,
): Promise<T[]> {
  const meter = new Meter(layers, watch.report);
  const abort = new AbortController();
  const signal = AbortSignal.any([watch.signal, abort.signal]);
  const works = layers.map(async layer => {
    const result = await read(layer, progress => meter.progress(layer, progress), signal);
    meter.done(layer);
    return result;
  });
  return allOf(works, () => abort.abort());
}

/** Waits for all, also when one fails, so that nothing goes on behind the back of whoever is told. The first failure is thrown. */
async function allOf<T>(works: readonly Promise<T>[], stop: () => void): Promise<T[]> {
  try {
    return await Promise.all(works);
  } catch (error) {
    stop();
    await Promise.allSettled(works);
    throw error;
  }
}

/** Adds up how far the layers are. */
class Meter {
  readonly #report: (transfer: Transfer) => void;
  readonly #total: number;
  readonly #layers: number;
  readonly #read = new Map<Sized, number>();
  readonly #downloaded = new Map<Sized, number>();
  #layersDone = 0;

  constructor(layers: readonly Sized[], report: (transfer: Transfer) => void) {
    this.#report = report;
    this.#layers = layers.length;
    this.#total = sum(layers.map(({ descriptor }) => Math.max(0, descriptor.size)));
  }

  progress(layer: Sized, { read, downloaded }: LayerProgress): void {
    this.#read.set(layer, read);
    this.#downloaded.set(layer, downloaded);
    this.#tell();
  }

  done(layer: Sized): void {
    this.#layersDone += 1;
    this.#read.set(layer, Math.max(0, layer.descriptor.size));
    this.#tell();
  }

  #tell(): void {
    this.#report({
      done: sum([...this.#read.values()]),
      downloaded: sum([...this.#downloaded.values()]),
      total: this.#total,
      layersDone: this.#layersDone,
      layers: this.#layers,
    });
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
