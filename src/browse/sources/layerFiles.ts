import type { Sink } from '../../oci/byteSource.ts';
import type { LayerEntries } from '../listing/layerEntries.ts';

/** One layer that can be browsed: what is in it, and the content of each of its files. */
export interface LayerFiles {
  readonly listing: LayerEntries;
  /**
   * Hands out a file's content, holes included, checked against what the listing tells of it. `at` is the number of an entry of type `file`.
   * @throws {FileDamagedError} what was handed out was wrong: the caller throws it away
   */
  read(at: number, sink: Sink, signal: AbortSignal): Promise<void>;
}
