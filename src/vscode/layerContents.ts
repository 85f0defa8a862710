import type { LayerContent } from '../insight/layerContent.ts';
import type { Layer } from '../oci/layer.ts';
import type { ResolvedImage } from '../pull/resolveImage.ts';
import type { CommandServices } from './services.ts';
import type { Transfer } from './transferText.ts';

/**
 * What layers of an image add and take away, base first: by what the cache knows of them, else by reading each once.
 * @throws what reading a layer throws
 */
export async function contentsOf(
  image: ResolvedImage,
  layers: readonly Layer[],
  { pulls, registries, settings }: CommandServices,
  watch: { readonly signal: AbortSignal; readonly report: (transfer: Transfer) => void },
): Promise<LayerContent[]> {
  const [{ browseLayer }, { layerContentSteps }, { inSlices }, { SociIndexes }] = await Promise.all([
    import('../pull/browseLayer.ts'),
    import('../insight/layerContentOf.ts'),
    import('../browse/slices.ts'),
    import('../pull/sociIndexes.ts'),
  ]);
  const { registry, repository } = image.reference;
  const { maxBytes, maxEntries } = settings();
  const soci = new SociIndexes(image, () => registries.clientFor(registry));
  const meter = new Meter(layers, watch.report);
  // One that fails ends the others.
  const abort = new AbortController();
  const signal = AbortSignal.any([watch.signal, abort.signal]);
  const indexes = await pulls.use(puller => {
    const opened = layers.map(async layer => {
      const { index } = await browseLayer(
        puller,
        {
          layer,
          repository,
          blobs: async () => (await registries.clientFor(registry)).blobs(repository),
          origin: () => registries.originOf(registry),
          limits: { maxBytes, maxEntries },
          soci,
          verifiedOnly: true,
          onProgress: progress => meter.progress(layer.number, progress),
        },
        signal,
      );
      meter.done(layer);
      return index;
    });
    return allOf(opened, () => abort.abort());
  });
  const contents: LayerContent[] = [];
  // One after the other, lest the thread is held up by many at once.
  for (const [at, { number }] of layers.entries()) {
    const index = indexes[at];
    if (index) contents.push(await inSlices(layerContentSteps(index, number), signal));
  }
  return contents;
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
  readonly #read = new Map<number, number>();
  readonly #downloaded = new Map<number, number>();
  #layersDone = 0;

  constructor(layers: readonly Layer[], report: (transfer: Transfer) => void) {
    this.#report = report;
    this.#layers = layers.length;
    this.#total = sum(layers.map(({ descriptor }) => Math.max(0, descriptor.size)));
  }

  progress(layer: number, { read, downloaded }: { readonly read: number; readonly downloaded: number }): void {
    this.#read.set(layer, read);
    this.#downloaded.set(layer, downloaded);
    this.#tell();
  }

  done({ number, descriptor }: Layer): void {
    this.#layersDone += 1;
    this.#read.set(number, Math.max(0, descriptor.size));
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
