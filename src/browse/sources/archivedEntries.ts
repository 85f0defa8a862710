import { splitPath } from '../../layers/tar/entryPath.ts';
import type { ListingEntry, LayerEntries } from '../listing/layerEntries.ts';
import type { Sliced } from '../formats/slices.ts';

/** Looks up entries of one listing of a layer in another one that has checksums. */
export class ArchivedEntries {
  readonly #archive: LayerEntries;
  readonly #places: ReadonlyMap<string, number>;

  private constructor(archive: LayerEntries, places: ReadonlyMap<string, number>) {
    this.#archive = archive;
    this.#places = places;
  }

  static *of(archive: LayerEntries): Sliced<ArchivedEntries> {
    const places = new Map<string, number>();
    for (let at = 0; at < archive.count; at++) {
      yield;
      // The last entry of a path counts.
      places.set(plain(archive.path(at)), at);
    }
    return new ArchivedEntries(archive, places);
  }

  /** Returns the file of the same path and size as number `at` of the other listing, if any. */
  find(listed: LayerEntries, at: number): ListingEntry | undefined {
    const path = listed.path(at);
    const inStep = listed.count === this.#archive.count && this.#archive.path(at) === path;
    const place = inStep ? at : this.#places.get(plain(path));
    const entry = place === undefined ? undefined : this.#archive.entry(place);
    return entry?.type === 'file' && entry.size === listed.size(at) ? entry : undefined;
  }
}

/** Normalizes a path, since a table of contents and an archive may spell it differently. */
function plain(path: string): string {
  return splitPath(path)?.join('/') ?? path;
}
