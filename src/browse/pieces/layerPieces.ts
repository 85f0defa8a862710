import { atOnce } from '../formats/slices.ts';
import type { LayerEntries, ListingEntry } from '../listing/layerEntries.ts';
import type { LayerListing } from '../listing/layerListing.ts';
import type { Compression } from '../../oci/compression.ts';
import { ArchivedEntries } from '../sources/archivedEntries.ts';
import type { WantedFile } from './wantedFiles.ts';

/** Numbers per file in {@link LayerPieces.pieces}. */
export const PIECE = 3;

/** A layer's whole archive on disk. */
export interface LayerArchive {
  /** File of its blob. */
  readonly blob: string;
  readonly compression: Compression;
  /** File of its restart points, which may be missing. */
  readonly restartPoints: string;
  /** With checksums. */
  readonly listing: LayerListing;
}

/** Files to read, in the order of their layer's archive. */
export interface LayerPieces<File extends WantedFile> {
  readonly files: readonly File[];
  /** Files that the archive does not have, or not as files. */
  readonly missing: readonly File[];
  /**
   * For each file: offset in the uncompressed archive, size in bytes, CRC-32. An array that threads
   * can take over, since there may be very many.
   */
  readonly pieces: Float64Array<ArrayBuffer>;
}

/**
 * Locates files in their layer's archive.
 * @param listed the listing that the files were found in, possibly a table of contents, whose order
 * differs
 */
export function layerPieces<File extends WantedFile>(
  listed: LayerEntries,
  files: readonly File[],
  archive: LayerEntries,
): LayerPieces<File> {
  let places: ArchivedEntries | undefined;
  const missing: File[] = [];
  const found: { readonly file: File; readonly entry: ListingEntry }[] = [];
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
