import { atOnce } from '../browse/formats/slices.ts';
import type { LayerEntries, ListingEntry } from '../browse/listing/layerEntries.ts';
import { ArchivedEntries } from '../browse/sources/archivedEntries.ts';
import { PIECE } from './searchJob.ts';
import type { WantedFile } from './wantedFiles.ts';

/** Files to search, in the order of their layer's archive. */
export interface LayerPieces {
  readonly files: readonly WantedFile[];
  /** Files that the archive does not have, or not as files. */
  readonly missing: readonly WantedFile[];
  /** See {@link SearchJob.pieces}. */
  readonly pieces: Float64Array<ArrayBuffer>;
}

/**
 * Locates files in their layer's archive.
 * @param listed the listing that the files were found in, possibly a table of contents, whose order
 * differs
 */
export function layerPieces(listed: LayerEntries, files: readonly WantedFile[], archive: LayerEntries): LayerPieces {
  let places: ArchivedEntries | undefined;
  const missing: WantedFile[] = [];
  const found: { readonly file: WantedFile; readonly entry: ListingEntry }[] = [];
  for (const file of files) {
    const isSame = file.at < archive.count && archive.path(file.at) === listed.path(file.at);
    const entry =
      isSame && archive.type(file.at) === 'file'
        ? archive.entry(file.at)
        : (places ??= atOnce(ArchivedEntries.of(archive))).find(listed, file.at);
    if (!entry) missing.push(file);
    else if (entry.storedSize > 0) found.push({ file, entry });
  }
  found.sort((one, other) => one.entry.offset - other.entry.offset);
  const pieces = new Float64Array(found.length * PIECE);
  for (const [at, { entry }] of found.entries()) pieces.set([entry.offset, entry.storedSize, entry.crc], at * PIECE);
  return { files: found.map(({ file }) => file), missing, pieces };
}
