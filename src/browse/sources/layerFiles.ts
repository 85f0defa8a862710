import type { Sink } from '../../oci/byteSource.ts';
import type { LayerEntries } from '../listing/layerEntries.ts';

/** A layer that can be browsed: its listing and the content of its files. */
export interface LayerFiles {
  readonly listing: LayerEntries;
  /**
   * Writes the content of a file, holes included, checked against the listing.
   * @param at number of an entry of type `file`
   * @throws {FileDamagedError} if the content written so far is wrong and must be discarded
   */
  read(at: number, sink: Sink, signal: AbortSignal): Promise<void>;
}
