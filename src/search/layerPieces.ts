import type { LayerEntries } from '../browse/layerIndex.ts';
import type { Piece } from './searchJob.ts';
import type { WantedFile } from './wantedFiles.ts';

/** A file that is to be searched, with its place. */
export interface LayerPiece {
  readonly file: WantedFile;
  readonly piece: Piece;
}

/**
 * Where the content of files lies in their layer's archive, in its order. `listed` is where the files were found: that may be a table of contents, which has them in another order than the archive. A file
 * that the archive does not have is left out.
 */
export function layerPieces(
  listed: LayerEntries,
  files: readonly WantedFile[],
  archive: LayerEntries,
): readonly LayerPiece[] {
  let places: ReadonlyMap<string, number> | undefined;
  const pieces: LayerPiece[] = [];
  for (const file of files) {
    const path = listed.path(file.at);
    const same = file.at < archive.count && archive.path(file.at) === path && archive.type(file.at) === 'file';
    const at = same ? file.at : (places ??= placesOf(archive)).get(plain(path));
    if (at === undefined || archive.type(at) !== 'file') continue;
    const { offset, storedSize: size, crc } = archive.entry(at);
    if (size > 0) pieces.push({ file, piece: { offset, size, crc } });
  }
  return pieces.sort((one, other) => one.piece.offset - other.piece.offset);
}

function placesOf(archive: LayerEntries): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  for (let at = 0; at < archive.count; at++) places.set(plain(archive.path(at)), at);
  return places;
}

/** Archives begin their names with `./`, or not. */
function plain(path: string): string {
  return path.replace(/^(\.?\/)+/, '');
}
