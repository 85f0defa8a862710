import type { LayerDirectory, LayerEntries } from '../browse/listing/layerEntries.ts';
import { layerTreeSteps } from '../browse/listing/layerTree.ts';
import type { Sliced } from '../browse/formats/slices.ts';
import type { FileEntry, LayerContent } from './layerContent.ts';

/** Returns what extracting a layer would add and delete, under plain paths, following links. */
export function* layerContentOf(listing: LayerEntries, number: number): Sliced<LayerContent> {
  const entries: FileEntry[] = [];
  const deleted: string[] = [];
  const opaque: string[] = [];
  /** The first path of each file, by its entry. Its other names are links to this one. */
  const firstNames = new Map<number, string>();
  for (const { path, directory } of directoriesOf(yield* layerTreeSteps(listing))) {
    if (directory.opaque) opaque.push(path);
    for (const name of directory.whiteouts) deleted.push(join(path, name));
    for (const [name, node] of directory.children) {
      const at = node.at;
      if (at === undefined) continue;
      yield;
      const place = join(path, name);
      const content = node.kind === 'leaf' ? node.content : at;
      const first = content === undefined ? undefined : firstNames.get(content);
      if (content !== undefined && first === undefined) firstNames.set(content, place);
      entries.push(
        first === undefined
          ? entryOf(listing, content ?? at, place, number)
          : linkOf(listing, at, place, first, number),
      );
    }
  }
  return { number, entries, deleted, opaque, ...(listing.checksums ? {} : { listedOnly: true }) };
}

function entryOf(listing: LayerEntries, at: number, path: string, layer: number): FileEntry {
  const { type, size, mode, uid, gid, linkname, crc, suspects } = listing.entry(at);
  const content = type === 'file' && listing.checksums ? { content: `crc32:${crc}` } : {};
  return { path, type, size, mode, uid, gid, linkname, layer, ...content, ...(suspects ? { suspects } : {}) };
}

function linkOf(listing: LayerEntries, at: number, path: string, linkname: string, layer: number): FileEntry {
  const { mode, uid, gid } = listing.entry(at);
  return { path, type: 'hardlink', size: 0, mode, uid, gid, linkname, layer };
}

interface LocatedDirectory {
  readonly path: string;
  readonly directory: LayerDirectory;
}

/** Yields directories, parents first, without recursion, since images nest without limit. */
function* directoriesOf(root: LayerDirectory): Generator<LocatedDirectory> {
  const open: LocatedDirectory[] = [{ path: '', directory: root }];
  for (let place = open.pop(); place; place = open.pop()) {
    yield place;
    for (const [name, node] of place.directory.children) {
      if (node.kind === 'directory') open.push({ path: join(place.path, name), directory: node });
    }
  }
}

function join(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}
