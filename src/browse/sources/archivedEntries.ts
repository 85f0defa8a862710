import { splitPath } from '../../layers/tar/entryPath.ts';
import type { ListingEntry, LayerEntries } from '../listing/layerEntries.ts';
import type { Sliced } from '../formats/slices.ts';

/** Finds in the list of a layer's archive, which has checksums, what another list of the same layer names. */
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
      // The last entry of a path is the one that counts.
      places.set(plain(archive.path(at)), at);
    }
    return new ArchivedEntries(archive, places);
  }

  /** `undefined` where the archive has no such file of the same size. @param at number of a file in the other list */
  find(listed: LayerEntries, at: number): ListingEntry | undefined {
    const path = listed.path(at);
    const inStep = listed.count === this.#archive.count && this.#archive.path(at) === path;
    const place = inStep ? at : this.#places.get(plain(path));
    const entry = place === undefined ? undefined : this.#archive.entry(place);
    return entry?.type === 'file' && entry.size === listed.size(at) ? entry : undefined;
  }
}

/** A table of contents writes a path without detours, whatever the archive does. */
function plain(path: string): string {
  return splitPath(path)?.join('/') ?? path;
}
