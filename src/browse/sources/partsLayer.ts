import type { Sink } from '../../oci/byteSource.ts';
import { FileDamagedError } from '../errors.ts';
import { withHoles } from './holes.ts';
import type { LayerFiles } from './layerFiles.ts';
import type { LayerListing } from '../listing/layerListing.ts';

/** Bytes per request. */
const PART = 4 << 20;

/** An uncompressed layer. A file costs its own bytes, which no digest can verify. */
export class PartsLayer implements LayerFiles {
  readonly listing: LayerListing;
  readonly #readRange: (start: number, end: number, signal: AbortSignal) => Promise<Uint8Array>;

  constructor(
    listing: LayerListing,
    readRange: (start: number, end: number, signal: AbortSignal) => Promise<Uint8Array>,
  ) {
    this.listing = listing;
    this.#readRange = readRange;
  }

  async read(at: number, sink: Sink, signal: AbortSignal): Promise<void> {
    const entry = this.listing.entry(at);
    const out = withHoles(entry, sink);
    const end = entry.offset + entry.storedSize;
    for (let start = entry.offset; start < end; start += PART) {
      const wanted = Math.min(end, start + PART);
      const bytes = await this.#readRange(start, wanted, signal);
      if (bytes.length !== wanted - start) throw new FileDamagedError(entry.path);
      out.write(bytes);
    }
    out.end();
  }
}
