import type { LayerEntries } from '../browse/listing/layerEntries.ts';
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
  let places: ReadonlyMap<string, number> | undefined;
  const missing: WantedFile[] = [];
  const found: { readonly file: WantedFile; readonly offset: number; readonly size: number; readonly crc: number }[] =
    [];
  for (const file of files) {
    const path = listed.path(file.at);
    const same = file.at < archive.count && archive.path(file.at) === path && archive.type(file.at) === 'file';
    const at = same ? file.at : (places ??= placesOf(archive)).get(plain(path));
    if (at === undefined || archive.type(at) !== 'file') {
      missing.push(file);
      continue;
    }
    const { offset, storedSize: size, crc } = archive.entry(at);
    if (size > 0) found.push({ file, offset, size, crc });
  }
  found.sort((one, other) => one.offset - other.offset);
  const pieces = new Float64Array(found.length * PIECE);
  for (const [at, { offset, size, crc }] of found.entries()) pieces.set([offset, size, crc], at * PIECE);
  return { files: found.map(({ file }) => file), missing, pieces };
}

function placesOf(archive: LayerEntries): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  for (let at = 0; at < archive.count; at++) places.set(plain(archive.path(at)), at);
  return places;
}

/** Returns a path without the leading `./` that some archives have. */
function plain(path: string): string {
  return path.replace(/^(\.?\/)+/, '');
}
