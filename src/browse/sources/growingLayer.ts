import type { Sink } from '../../oci/byteSource.ts';
import type { Digest } from '../../oci/digest.ts';
import type { EntryType } from '../../layers/tar/tarEntry.ts';
import type { LayerFiles } from './layerFiles.ts';
import { LayerListing } from '../listing/layerListing.ts';
import type { ListingEntry, ListingFacts, LayerEntries } from '../listing/layerEntries.ts';
import type { LayerDirectory } from '../listing/layerEntries.ts';
import { LayerTreeBuilder } from '../listing/layerTree.ts';

/** Entries that a pass over a layer found since its last report. Plain data. */
export interface FoundEntries {
  /** Number of the first; 0 starts again, as after a retry. */
  readonly from: number;
  /** From `ListingBuilder.part`. */
  readonly part: Uint8Array;
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
    const entries = LayerListing.read(Buffer.from(part.buffer, part.byteOffset, part.byteLength), this.#digest);
    if (entries && from === this.#listing.count) this.#listing.add(entries);
  }

  async read(at: number, sink: Sink, signal: AbortSignal): Promise<void> {
    await (await this.#whole()).read(at, sink, signal);
  }
}

/** The listings of consecutive parts of one layer. */
class GrowingListing implements LayerEntries {
  readonly facts: ListingFacts;
  readonly checksums = false;
  readonly #parts: { readonly start: number; readonly entries: LayerListing }[] = [];
  #count = 0;

  constructor(digest: Digest) {
    this.facts = { digest, kind: 'found' };
  }

  get count(): number {
    return this.#count;
  }

  add(entries: LayerListing): void {
    this.#parts.push({ start: this.#count, entries });
    this.#count += entries.count;
  }

  path(at: number): string {
    return this.#in(at, (entries, place) => entries.path(place));
  }

  type(at: number): EntryType {
    return this.#in(at, (entries, place) => entries.type(place));
  }

  linkname(at: number): string {
    return this.#in(at, (entries, place) => entries.linkname(place));
  }

  size(at: number): number {
    return this.#in(at, (entries, place) => entries.size(place));
  }

  entry(at: number): ListingEntry {
    return this.#in(at, (entries, place) => entries.entry(place));
  }

  #in<T>(at: number, ask: (entries: LayerListing, place: number) => T): T {
    let low = 0;
    for (let high = this.#parts.length - 1; low < high;) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#parts[middle]?.start ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    const part = this.#parts[low];
    if (!part) throw new RangeError(`the layer has no entry ${at}`);
    return ask(part.entries, at - part.start);
  }
}
