import type { LayerDirectory } from '../../browse/listing/layerEntries.ts';
import type { FoundEntries } from '../../browse/sources/growingLayer.ts';
import type { LayerFiles } from '../../browse/sources/layerFiles.ts';
import type { MergedTree, NumberedLayer } from '../../browse/tree/mergedTree.ts';
import type { Layer } from '../../oci/layer.ts';

/** What is known of an image's files while its layers are being read. */
export interface FilesSoFar {
  /**
   * The files found so far: unverified and incomplete, since later layers may change or hide them.
   */
  readonly tree: MergedTree;
  /** The number of entries in all layers. */
  readonly found: number;
  /** Bytes read of the layers' blobs, and in total; 0 if unknown. */
  readonly read: number;
  readonly total: number;
}

/** A layer that is being read, and what is known of it. */
export interface LayerReading {
  readonly files: LayerFiles & { readonly directory: LayerDirectory; add(found: FoundEntries): void };
  /** Bytes read of its blob. */
  read: number;
}

/** Finds the pass that is reading a layer, if any. */
type FindReading = (layer: Layer) => LayerReading | undefined;

/** An image's files while its layers are being opened: some read, some not. */
export class OpeningTree {
  readonly #layers: readonly Layer[];
  readonly #readingOf: FindReading;
  readonly #opened = new Map<number, NumberedLayer>();
  /** A layer has been read. From then on there is a result, even between two layers. */
  #begun = false;

  constructor(layers: readonly Layer[], readingOf: FindReading) {
    this.#layers = layers;
    this.#readingOf = readingOf;
  }

  /** Adds a layer that was read to its end. @param directory its own tree */
  opened({ number }: Layer, files: LayerFiles, directory: LayerDirectory): void {
    this.#opened.set(number, { number, files, directory });
  }

  /** The layers read to their ends, base first. */
  get layers(): readonly NumberedLayer[] {
    return this.#layers.map(({ number }) => this.#opened.get(number)).filter(layer => layer !== undefined);
  }

  /** `undefined` until a layer is being read. @param only this layer's own files */
  async soFar(only?: number): Promise<FilesSoFar | undefined> {
    const layers = only === undefined ? this.#layers : this.#layers.filter(({ number }) => number === only);
    const known = this.#layers.map(layer => ({ layer, reading: this.#readingOf(layer) }));
    this.#begun ||= known.some(({ reading }) => reading);
    if (!this.#begun) return undefined;
    const { MergedTree } = await import('../../browse/tree/mergedTree.ts');
    const numbered = layers.map(layer => this.#opened.get(layer.number) ?? growing(layer, this.#readingOf(layer)));
    const there = numbered.filter(layer => layer !== undefined);
    const [alone] = there;
    const sizes = this.#layers.map(({ descriptor }) => descriptor.size);
    return {
      tree: only !== undefined && alone ? MergedTree.ofLayer(alone) : MergedTree.of(there),
      found: there.reduce((sum, { files }) => sum + files.listing.count, 0),
      read: sum(known.map(({ layer, reading }) => this.#readOf(layer, reading))),
      total: sizes.some(size => size < 0) ? 0 : sum(sizes),
    };
  }

  #readOf({ number, descriptor }: Layer, reading: LayerReading | undefined): number {
    return this.#opened.has(number) ? Math.max(0, descriptor.size) : (reading?.read ?? 0);
  }
}

function growing({ number }: Layer, reading: LayerReading | undefined): NumberedLayer | undefined {
  return reading && { number, files: reading.files, directory: reading.files.directory };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
