import { EventEmitter } from 'vscode';
import type { LayerFiles } from '../../browse/sources/layerFiles.ts';
import type { MergedTree } from '../../browse/tree/mergedTree.ts';
import type { ResolvedImage } from '../../oci/image.ts';
import type { Layer } from '../../oci/layer.ts';
import type { SociIndexes } from '../../resolve/sociIndexes.ts';
import type { LayerProgress } from '../../workers/layerJob.ts';
import { SharedAnswers } from '../common/sharedAnswers.ts';
import type { Pulls } from '../images/pulls.ts';
import type { Registries } from '../registries/registries.ts';
import type { Settings } from '../settings/settings.ts';
import { OpeningTree, type FilesSoFar, type LayerReading } from './openingTree.ts';

/**
 * How many images and layers are kept open: a layer with a hundred thousand files takes about ten
 * megabytes.
 */
const KEPT_TREES = 6;
const KEPT_LAYERS = 40;

/** The files of images that were not pulled. Each layer is opened once for all users. */
export class ImageFiles {
  readonly #registries: Registries;
  readonly #pulls: Pulls;
  readonly #settings: () => Settings;
  readonly #layers = new SharedAnswers<LayerFiles>(KEPT_LAYERS);
  readonly #trees = new SharedAnswers<MergedTree>(KEPT_TREES);
  readonly #opening = new Map<string, OpeningTree>();
  readonly #soci = new WeakMap<ResolvedImage, SociIndexes>();
  /** By blob digest. */
  readonly #readings = new Map<string, LayerReading>();
  readonly #onDidRead = new EventEmitter<void>();
  /** Fires several times a second while layers are being read. */
  readonly onDidRead = this.#onDidRead.event;

  constructor(registries: Registries, pulls: Pulls, settings: () => Settings) {
    this.#registries = registries;
    this.#pulls = pulls;
    this.#settings = settings;
  }

  /** The image's layers, merged. @param upTo omits the layers above this number */
  tree(image: ResolvedImage, signal: AbortSignal, upTo = image.layers.length): Promise<MergedTree> {
    const key = keyOf(image, upTo);
    return this.#trees.get(key, Infinity, signal, async shared => {
      const [{ MergedTree }, { layerTreeSteps }, { inSlices }] = await Promise.all([
        import('../../browse/tree/mergedTree.ts'),
        import('../../browse/listing/layerTree.ts'),
        import('../../browse/formats/slices.ts'),
      ]);
      const layers = image.layers.filter(({ number }) => number <= upTo);
      const opening = new OpeningTree(layers, ({ descriptor }) => this.#readings.get(descriptor.digest));
      this.#opening.set(key, opening);
      try {
        // The top layer first, because it is the most interesting one and overrides the others.
        const opened = layers.toReversed().map(async layer => {
          const files = await this.#layer(image, layer, shared);
          opening.opened(layer, files, await inSlices(layerTreeSteps(files.listing), shared));
        });
        await Promise.all(opened);
        return MergedTree.of(opening.layers);
      } finally {
        if (this.#opening.get(key) === opening) this.#opening.delete(key);
      }
    });
  }

  /**
   * What is known so far of a {@link tree} that is being opened; `undefined` if it isn't, or none
   * of its layers is being read.
   * @param only the topmost layer's own files, not merged with those below
   */
  async soFar(image: ResolvedImage, upTo = image.layers.length, only = false): Promise<FilesSoFar | undefined> {
    return this.#opening.get(keyOf(image, upTo))?.soFar(only ? upTo : undefined);
  }

  /** A single layer, without those below it. */
  layer(image: ResolvedImage, layer: Layer, signal: AbortSignal): Promise<MergedTree> {
    return this.#trees.get(`${image.manifestDigest} ${layer.number}`, Infinity, signal, async shared => {
      const { MergedTree } = await import('../../browse/tree/mergedTree.ts');
      return MergedTree.ofLayer({ number: layer.number, files: await this.#layer(image, layer, shared) });
    });
  }

  /** Opens a layer, shared with all trees that it belongs to. */
  open(image: ResolvedImage, layer: Layer, signal: AbortSignal): Promise<LayerFiles> {
    return this.#layer(image, layer, signal);
  }

  /** Forgets open layers after the cache was emptied. */
  forget(): void {
    this.#layers.forget();
    this.#trees.forget();
  }

  #layer(image: ResolvedImage, layer: Layer, signal: AbortSignal): Promise<LayerFiles> {
    const { registry, repository } = image.reference;
    const { digest } = layer.descriptor;
    // Partially verified listings are only as trustworthy as their repository, so they aren't
    // shared.
    return this.#layers.get(`${registry}/${repository} ${digest}`, Infinity, signal, async shared => {
      const [{ openLayer }, { GrowingLayer }, soci] = await Promise.all([
        import('../../layerAccess/openLayer.ts'),
        import('../../browse/sources/growingLayer.ts'),
        this.#sociOf(image),
      ]);
      const { maxBytes, maxEntries } = this.#settings();
      let opened = false;
      const reading = { files: new GrowingLayer(digest, () => this.#layer(image, layer, signal)), read: 0 };
      const request = {
        layer,
        repository,
        blobs: async () => (await this.#registries.clientFor(registry)).blobs(repository),
        origin: () => this.#registries.originOf(registry),
        limits: { maxBytes, maxEntries },
        soci,
        followed: true,
        onProgress: ({ read, found }: LayerProgress) => {
          // A blob fetched again for a file's content adds no entries.
          if (opened || shared.aborted) return;
          this.#readings.set(digest, reading);
          reading.read = read;
          if (found) reading.files.add(found);
          this.#onDidRead.fire();
        },
      };
      try {
        return await this.#pulls.use(layerWork => openLayer(layerWork, request, shared));
      } finally {
        opened = true;
        if (this.#readings.get(digest) === reading) this.#readings.delete(digest);
      }
    });
  }

  /** Shared by the image's layers, so that its index is looked up once. */
  async #sociOf(image: ResolvedImage): Promise<SociIndexes> {
    const { SociIndexes } = await import('../../resolve/sociIndexes.ts');
    const known = this.#soci.get(image);
    const soci = known ?? new SociIndexes(image, () => this.#registries.clientFor(image.reference.registry));
    this.#soci.set(image, soci);
    return soci;
  }
}

function keyOf({ manifestDigest }: ResolvedImage, upTo: number): string {
  return `${manifestDigest} 1-${upTo}`;
}
