import { closeSync, constants, openSync, readSync } from 'node:fs';
import type { EntryType, TarEntry, TarVisitor } from '../layers/tar/tarEntry.ts';
import { errorCode } from '../oci/errorCode.ts';
import { sameAttributes, trueAttributes } from './attributes.ts';
import { UnusableChangesError } from './errors.ts';
import type { Attributes, LowerEntry, LowerView } from './lowerView.ts';
import { marksOf, type Marks } from './marks.ts';

/** An entry of `overlay/upper`, compared with the image. */
export interface UpperItem {
  readonly path: string;
  /** As on disk. */
  readonly entry: TarEntry;
  readonly type: EntryType;
  readonly marks: Marks;
  /** Deletes what the image has at the path. */
  readonly whiteout: boolean;
  /** A directory above, or this one's place, hides what the image has here. */
  readonly hidden: boolean;
  readonly lower: LowerEntry | undefined;
  /** Of a further name of a file: the first one's path. */
  readonly first?: string;
  /** A first name with further ones. */
  linked: boolean;
  /** For the layer. */
  attributes: Attributes;
  /** The image has the same; of a directory, apart from its time. */
  same: boolean;
}

/** Helper files of fuse-overlayfs in opaque directories. */
const FUSE_OPAQUE = new Set(['.wh..wh..opq', '.wh..opq']);
const WHITEOUT = '.wh.';
const NO_MARKS: Marks = { holdsWhiteouts: false, whiteout: false, fuse: false };

/** Collects the entries of `overlay/upper`, and compares files with the image's as they come. */
export class UpperScan implements TarVisitor {
  /** By path, in the archive's order: directories before their content. */
  readonly items = new Map<string, UpperItem>();
  readonly #view: LowerView;
  /** The archive's ids are those of a user namespace, where the puller is root. */
  readonly #namespace: boolean;
  #current: UpperItem | undefined;
  #comparison: Comparison | undefined;
  #fuse = false;
  #marked: { readonly path: string; readonly kind: string } | undefined;

  constructor(view: LowerView, namespace = false) {
    this.#view = view;
    this.#namespace = namespace;
  }

  entry(given: TarEntry): void {
    const path = upperPath(given.path);
    const entry = this.#namespace ? outOfNamespace(given, this.#view.puller) : given;
    const marks = marksOf(path, entry);
    this.#fuse ||= marks.fuse;
    this.#refuseMixed(path, marks);
    const parent = this.items.get(parentPath(path));
    const name = path.slice(path.lastIndexOf('/') + 1);
    this.#current = undefined;
    if (name.startsWith(WHITEOUT)) this.#fuseFile(path, name, entry, parent);
    else this.#add(path, entry, marks, parent);
  }

  data(chunk: Uint8Array): void {
    this.#comparison?.write(chunk);
  }

  endEntry(): void {
    const item = this.#current;
    const same = this.#comparison?.end() ?? true;
    this.#comparison = undefined;
    if (!item || item.whiteout || item.first !== undefined) return;
    const { entry, lower, hidden } = item;
    const sameContent = same && lower !== undefined && isSameContent(entry, lower);
    const continues = lower && !hidden && (lower.type === item.type || lower.type === 'unknown');
    item.attributes = trueAttributes(entry, continues ? lower : undefined, sameContent, this.#view);
    const sameTime = item.type === 'directory' || Math.floor(entry.mtime) === lower?.mtime;
    item.same = sameContent && sameTime && sameAttributes(item.attributes, lower.claim);
    // The root's attributes on disk are those of a folder that Peel made.
    if (item.path === '' && lower && !this.#view.restored) {
      item.attributes = lower.claim;
      item.same = true;
    }
  }

  /** Call it when reading fails, too. */
  close(): void {
    this.#comparison?.end();
    this.#comparison = undefined;
  }

  #add(path: string, entry: TarEntry, marks: Marks, parent: UpperItem | undefined): void {
    const first = entry.type === 'hardlink' ? this.items.get(upperPath(entry.linkname)) : undefined;
    if (entry.type === 'hardlink' && !first) throw new UnusableChangesError(path, 'is a hard link to nothing');
    const whiteout =
      isWhiteoutDevice(entry) ||
      (marks.whiteout && parent?.marks.holdsWhiteouts === true) ||
      // Whiteouts share one file, so tar takes them for hard links.
      first?.whiteout === true;
    const hidden = parent !== undefined && (parent.hidden || isCut(parent));
    const lower = path === '' || parent?.lower ? this.#view.find(path) : undefined;
    const item: UpperItem = {
      path,
      entry,
      type: entry.type,
      marks,
      whiteout,
      hidden,
      lower,
      ...(first && !whiteout ? { first: first.path } : {}),
      linked: false,
      attributes: { uid: 0, gid: 0, mode: 0, xattrs: new Map() },
      same: false,
    };
    if (first && !whiteout) first.linked = true;
    if (first && !whiteout && lower?.inode !== undefined && lower.inode === first.lower?.inode) item.same = first.same;
    this.items.set(path, item);
    this.#current = item;
    if (entry.type === 'file' && lower?.file !== undefined && lower.size === entry.size && entry.size > 0)
      this.#comparison = new Comparison(lower.file);
  }

  /**
   * A file named as a whiteout: fuse-overlayfs writes some, anything else has no form in a layer.
   */
  #fuseFile(path: string, name: string, entry: TarEntry, parent: UpperItem | undefined): void {
    if (FUSE_OPAQUE.has(name) && parent?.marks.fuse === true) return;
    if (!this.#fuse || entry.type !== 'file' || entry.size > 0)
      throw new UnusableChangesError(path, 'has a name that means a deletion in a layer. Rename or delete it');
    const hidden = path.slice(0, path.length - name.length) + name.slice(WHITEOUT.length);
    this.#add(hidden, { ...entry, type: 'char', devMajor: 0, devMinor: 0 }, NO_MARKS, parent);
  }

  /** A mark counts only for mounts of its own kind, so both kinds together are ambiguous. */
  #refuseMixed(path: string, { opaque }: Marks): void {
    if (opaque === undefined) return;
    this.#marked ??= { path, kind: opaque };
    if (this.#marked.kind !== opaque)
      throw new UnusableChangesError(
        path,
        `was replaced in another kind of mount than ${JSON.stringify(this.#marked.path)}`,
      );
  }
}

/** Whether what the image has below a directory is not continued by it. */
function isCut({ type, marks, lower }: UpperItem): boolean {
  return type !== 'directory' || marks.opaque !== undefined || !isDirectoryOrUnknown(lower);
}

export function isDirectoryOrUnknown(lower: LowerEntry | undefined): boolean {
  return lower?.type === 'directory' || lower?.type === 'unknown';
}

function isWhiteoutDevice({ type, devMajor, devMinor }: TarEntry): boolean {
  return type === 'char' && devMajor === 0 && devMinor === 0;
}

function isSameContent(entry: TarEntry, lower: LowerEntry): boolean {
  if (entry.type !== lower.type) return false;
  if (entry.type === 'file') return entry.size === lower.size;
  if (entry.type === 'symlink') return entry.linkname === lower.target;
  return entry.devMajor === lower.devMajor && entry.devMinor === lower.devMinor;
}

function outOfNamespace(entry: TarEntry, puller: LowerView['puller']): TarEntry {
  return { ...entry, uid: entry.uid === 0 ? puller.uid : entry.uid, gid: entry.gid === 0 ? puller.gid : entry.gid };
}

/** Returns the path below `overlay/upper` of an entry that tar wrote. */
export function upperPath(path: string): string {
  return path.replace(/^\.\/?/, '').replace(/\/$/, '');
}

/** The root is its own parent's `''`. */
export function parentPath(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** Compares bytes as they come with a file of the same size. */
class Comparison {
  #fd: number | undefined;
  #buffer = Buffer.alloc(0);
  #same = true;

  constructor(file: string | Buffer) {
    try {
      this.#fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    } catch (error) {
      if (errorCode(error) !== 'EACCES') throw error;
      this.#same = false;
    }
  }

  write(chunk: Uint8Array): void {
    if (this.#fd === undefined || !this.#same) return;
    if (this.#buffer.length < chunk.length) this.#buffer = Buffer.allocUnsafe(chunk.length);
    for (let done = 0; done < chunk.length;) {
      const count = readSync(this.#fd, this.#buffer, 0, chunk.length - done, null);
      const equal = count > 0 && this.#buffer.compare(chunk, done, done + count, 0, count) === 0;
      if (!equal) {
        this.#same = false;
        return;
      }
      done += count;
    }
  }

  end(): boolean {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    return this.#same;
  }
}
