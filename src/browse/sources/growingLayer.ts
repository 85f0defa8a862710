import type { Sink } from '../../oci/byteSource.ts';
import type { Digest } from '../../oci/digest.ts';
import type { LayerFiles } from './layerFiles.ts';
import type { LayerDirectory, LayerEntries, ListingFacts } from '../listing/layerEntries.ts';
import { LayerTreeBuilder } from '../listing/layerTree.ts';
import { BlockEntries, ListingBlock, type ListingPart, WIDE_BYTES } from '../listing/listingFormat.ts';

/** Entries that a pass over a layer found since its last report. Plain data. */
export interface FoundEntries {
  /** Number of the first; 0 starts again, as after a retry. */
  readonly from: number;
  readonly part: ListingPart;
}

/**
 * A layer that is being read. Its files can be listed as they are found; their content is available
 * once the whole layer was read and verified.
 */
export class GrowingLayer implements LayerFiles {
  readonly #digest: Digest;
  readonly #whole: () => Promise<LayerFiles>;
  #listing: GrowingListing;
  #builder: LayerTreeBuilder;

  /** @param whole returns the layer once it was read */
  constructor(digest: Digest, whole: () => Promise<LayerFiles>) {
    this.#digest = digest;
    this.#whole = whole;
    this.#listing = new GrowingListing(digest);
    this.#builder = new LayerTreeBuilder(this.#listing);
  }

  get listing(): LayerEntries {
    return this.#listing;
  }

  /** The layer's own tree so far. */
  get directory(): LayerDirectory {
    return this.#builder.grow();
  }

  /** Adds entries; ignores any that do not follow the ones already added. */
  add({ from, part }: FoundEntries): void {
    if (from === 0) {
      this.#listing = new GrowingListing(this.#digest);
      this.#builder = new LayerTreeBuilder(this.#listing);
    }
    if (from === this.#listing.count) this.#listing.add(part);
  }

  async read(at: number, sink: Sink, signal: AbortSignal): Promise<void> {
    await (await this.#whole()).read(at, sink, signal);
  }
}

class GrowingListing extends BlockEntries {
  readonly facts: ListingFacts;
  readonly checksums = false;
  count = 0;
  readonly #parts: { readonly start: number; readonly block: ListingBlock }[] = [];

  constructor(digest: Digest) {
    super();
    this.facts = { digest, kind: 'found' };
  }

  add(part: ListingPart): void {
    this.#parts.push({ start: this.count, block: new ListingBlock(this.count, part, part.nameStart, {}) });
    this.count += part.wide.byteLength / WIDE_BYTES;
  }

  protected blockOf(at: number): ListingBlock {
    let low = 0;
    for (let high = this.#parts.length - 1; low < high;) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#parts[middle]?.start ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    const part = this.#parts[low];
    if (!part) throw new RangeError(`the layer has no entry ${at}`);
    return part.block;
  }
}
