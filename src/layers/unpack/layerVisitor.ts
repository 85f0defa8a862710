import type { DiskRoom } from './diskRoom.ts';
import { HARDLINK_STORE, meaningOf, splitPath, unusablePath } from '../tar/entryPath.ts';
import { HostileEntryError, LimitExceededError, quoted } from '../errors.ts';
import type { TarEntry, TarVisitor } from '../tar/tarEntry.ts';
import { tieLinks } from './lateLinks.ts';
import {
  childPath,
  type DirectoryNode,
  type FileNode,
  type LinkNode,
  resolveDirectory,
  type SymlinkNode,
  type TreeNode,
} from './tree.ts';
import type { Place } from './treeWriter.ts';
import type { Warnings } from '../warnings.ts';
import { XattrFilter } from '../tar/xattrs.ts';

/** Limits of one layer. */
export interface UnpackLimits {
  /** Bytes of the tar, and of its files with holes and copies. */
  readonly maxBytes: number;
  readonly maxEntries: number;
}

/** What deletions turn into: marks for overlayfs, or removals. */
export interface Deletions {
  /** Hides what lower layers have at a path. */
  hide(names: readonly string[], hidden: string): void;
  /** Hides what lower layers have in a directory. */
  hideAll(names: readonly string[]): void;
}

/** Takes a file's content, in pieces with their positions. */
export interface ContentTaker {
  write(chunk: Uint8Array, position: number): void;
  close(): void;
}

/** Where a layer's entries are made: in a folder on disk (`TreeWriter`), or only in memory. */
export interface TreeMaker {
  readonly root: DirectoryNode;
  /** The current layer's number. */
  readonly layer: number;
  parentOf(names: readonly string[]): DirectoryNode | undefined;
  openFile(place: Place, entry: TarEntry): ContentTaker;
  closeFile(place: Place, file: ContentTaker): void;
  makeDirectory(place: Place, entry: TarEntry): void;
  makeSymlink(place: Place, entry: TarEntry): void;
  /** Returns how many bytes had to be copied. */
  makeLink(place: Place, target: Place, node: FileNode | SymlinkNode): number;
  keep(place: Place, node: TreeNode): void;
  clear(place: Place): void;
}

/** A hard link whose target did not exist when it came. */
interface LateLink {
  readonly place: Place;
  readonly node: LinkNode;
}

/** A hard link whose target did not exist when it came, at the end of its layer. */
export interface OpenLink {
  readonly path: string;
  readonly target: string;
  readonly entry: TarEntry;
  /** It was made to a later entry, which counts only if lower layers have nothing there. */
  readonly late: boolean;
  /** The layer had deleted the target before, so what lower layers have there does not count. */
  readonly deleted: boolean;
}

export interface LayerVisitorOptions {
  readonly tree: TreeMaker;
  readonly deletions: Deletions;
  readonly limits: UnpackLimits;
  readonly room: Pick<DiskRoom, 'claim'>;
  readonly warnings: Warnings;
}

/** The system's errors that are due to a name. Such an entry is left out. */
const NAME_ERRORS = new Set(['ENAMETOOLONG', 'EILSEQ', 'EINVAL', 'ENOTSUP', 'EPERM']);

/**
 * Turns the entries of one layer into files, links, and deletions, after checking that each is
 * safe.
 */
export class LayerVisitor implements TarVisitor {
  readonly #tree: TreeMaker;
  readonly #deletions: Deletions;
  readonly #limits: UnpackLimits;
  readonly #room: Pick<DiskRoom, 'claim'>;
  readonly #warnings: Warnings;
  readonly #xattrs: XattrFilter;
  #entries = 0;
  #bytes = 0;
  readonly #lateLinks: LateLink[] = [];
  #open: { readonly file: ContentTaker; readonly place: Place } | undefined;

  constructor({ tree, deletions, limits, room, warnings }: LayerVisitorOptions) {
    this.#tree = tree;
    this.#deletions = deletions;
    this.#limits = limits;
    this.#room = room;
    this.#warnings = warnings;
    this.#xattrs = new XattrFilter(warnings);
  }

  /** Entries so far, including those left out. */
  get entries(): number {
    return this.#entries;
  }

  entry(entry: TarEntry): void {
    this.#entries += 1;
    if (this.#entries > this.#limits.maxEntries) throw new LimitExceededError('entries', this.#limits.maxEntries);
    this.#count(entry.size);
    const names = splitPath(entry.path);
    if (!names) return this.#refuse(entry, 'leads out of the image');
    const problem = unusablePath(entry.path, names);
    if (problem !== undefined) return this.#refuse(entry, `cannot be made: ${problem}`);
    try {
      this.#place(entry, names);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      if (!NAME_ERRORS.has(code)) throw error;
      this.#refuse(entry, `cannot be made on this file system (${code})`);
    }
  }

  data(chunk: Uint8Array, position: number): void {
    this.#open?.file.write(chunk, position);
  }

  endEntry(): void {
    const open = this.#open;
    this.#open = undefined;
    if (open) this.#tree.closeFile(open.place, open.file);
  }

  /** Stops, leaving what was made. */
  close(): void {
    this.#open?.file.close();
    this.#open = undefined;
  }

  #place(entry: TarEntry, names: readonly string[]): void {
    const meaning = meaningOf(names);
    switch (meaning.kind) {
      case 'invalid':
        throw new HostileEntryError(entry.path, 'is a whiteout of the directory that it is in, or of the one above');
      case 'whiteout':
        return this.#deletions.hide(names.slice(0, -1), meaning.hidden);
      case 'opaque':
        return this.#deletions.hideAll(names.slice(0, -1));
      case 'ignored':
        return;
      default:
        return this.#make(this.#xattrs.filter(entry), names);
    }
  }

  #make(entry: TarEntry, names: readonly string[]): void {
    const name = names.at(-1);
    if (name === undefined) {
      if (entry.type !== 'directory')
        throw new HostileEntryError(entry.path, 'puts something else in place of the root directory');
      this.#tree.root.entry = entry;
      return;
    }
    const directory = this.#tree.parentOf(names);
    if (!directory) return this.#refuse(entry, 'lies behind a loop of symbolic links');
    const place: Place = { directory, name };
    if (entry.type === 'directory') this.#tree.makeDirectory(place, entry);
    else if (entry.type === 'file') this.#openFile(place, entry);
    else if (entry.type === 'symlink') this.#makeSymlink(place, entry);
    else if (entry.type === 'hardlink') this.#makeLink(place, entry);
    else this.#keepSpecial(place, entry, entry.type);
  }

  #openFile(place: Place, entry: TarEntry): void {
    this.#room.claim(entry.storedSize);
    this.#open = { file: this.#tree.openFile(place, entry), place };
  }

  /** Stores the target unchanged, wherever it points, since nothing ever follows it on disk. */
  #makeSymlink(place: Place, entry: TarEntry): void {
    if (entry.linkname === '' || entry.linkname.length > 4095 || entry.linkname.includes('\0')) {
      return this.#refuse(entry, 'is a symbolic link with an impossible target');
    }
    this.#tree.makeSymlink(place, entry);
  }

  #makeLink(place: Place, entry: TarEntry): void {
    const names = splitPath(entry.linkname);
    if (!names) return this.#refuse(entry, `is a hard link to ${quoted(entry.linkname)}, out of the image`);
    const before = findPlace(this.#tree.root, names);
    if (before && before.directory === place.directory && before.name === place.name) return;
    // The link may replace what holds its target.
    this.#tree.clear(place);
    const target = findPlace(this.#tree.root, names);
    const node = target?.directory.get(target.name);
    if (names.length === 0 || node?.kind === 'directory') return this.#refuse(entry, 'is a hard link to a directory');
    if (target && this.#link(place, target)) return;
    // A link to a waiting link waits for the same target.
    const late: LinkNode = {
      kind: 'link',
      layer: this.#tree.layer,
      entry: node?.kind === 'link' ? { ...entry, linkname: node.entry.linkname } : entry,
      deleted: node?.kind === 'link' ? node.deleted : isDeleted(this.#tree.root, names),
    };
    this.#tree.keep(place, late);
    this.#lateLinks.push({ place, node: late });
  }

  /** Makes a hard link. Returns false if its target cannot have one, or does not exist. */
  #link(place: Place, target: Place): boolean {
    const node = target.directory.get(target.name);
    if (node?.kind === 'file' || node?.kind === 'symlink') this.#count(this.#tree.makeLink(place, target, node));
    else if (node?.kind === 'char' || node?.kind === 'block' || node?.kind === 'fifo')
      this.#tree.keep(place, { ...node, layer: this.#tree.layer });
    else return false;
    return true;
  }

  /** Called after the last entry. Returns the links that need lower layers, or have no target. */
  end(): OpenLink[] {
    const byNode = new Map(this.#lateLinks.map(link => [link.node, link]));
    const targetOf = ({ node }: LateLink): Place | undefined =>
      findPlace(this.#tree.root, splitPath(node.entry.linkname) ?? []);
    const waits = ({ place, node }: LateLink): boolean => place.directory.get(place.name) === node;
    const waiting = this.#lateLinks.filter(waits);
    const loose = tieLinks(
      waiting,
      link => {
        const target = targetOf(link);
        const node = target?.directory.get(target.name);
        return node?.kind === 'link' ? byNode.get(node) : undefined;
      },
      link => {
        const target = targetOf(link);
        return target !== undefined && this.#link(link.place, target);
      },
    );
    return waiting.map(link => {
      const { place, node } = link;
      if (loose.has(link)) place.directory.delete(place.name);
      const path = childPath(place.directory.path, place.name);
      const target = (splitPath(node.entry.linkname) ?? []).join('/');
      return { path, target, entry: node.entry, late: !loose.has(link), deleted: node.deleted };
    });
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > this.#limits.maxBytes) throw new LimitExceededError('bytes', this.#limits.maxBytes);
  }

  #keepSpecial(place: Place, entry: TarEntry, kind: 'fifo' | 'char' | 'block'): void {
    if (kind === 'char' && entry.devMajor === 0 && entry.devMinor === 0) {
      return this.#refuse(entry, 'is a device 0/0, which would act as a deletion');
    }
    this.#tree.keep(place, { kind, layer: this.#tree.layer, entry });
  }

  #refuse(entry: TarEntry, reason: string): void {
    this.#warnings.add(`${quoted(entry.path)} was left out: it ${reason}`);
  }
}

/** Returns true if the layer has hidden what lower layers have at a path. */
function isDeleted(root: DirectoryNode, names: readonly string[]): boolean {
  let node: TreeNode | undefined = root;
  for (const name of names) {
    if (node?.kind !== 'directory') break;
    if (node.opaque) return true;
    node = node.get(name);
  }
  return node?.kind === 'whiteout';
}

/** The warning about a hard link without a target. */
export function missingLink(path: string, target: string): string {
  return `${quoted(path)} is missing: it is a hard link to ${quoted(target)}, which no layer has`;
}

/**
 * Returns where a path leads within the tree, without following its last name; `undefined` if its
 * directory does not exist.
 */
export function findPlace(root: DirectoryNode, names: readonly string[]): Place | undefined {
  const name = names.at(-1);
  const directory = name === undefined ? undefined : resolveDirectory(root, names.slice(0, -1));
  return directory && name !== undefined ? { directory, name } : undefined;
}

/** Removes AUFS's folder of files with several names, which only the links to them needed. */
export function dropHardlinkStore(tree: Pick<TreeMaker, 'root' | 'clear'>): void {
  tree.clear({ directory: tree.root, name: HARDLINK_STORE });
}
