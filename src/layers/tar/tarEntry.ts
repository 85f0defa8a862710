/** What an entry is. A contiguous file counts as a file, a GNU dump directory as a directory. */
export type EntryType = 'file' | 'directory' | 'symlink' | 'hardlink' | 'fifo' | 'char' | 'block';

/** One entry of an archive, with everything that its headers say but the names of its owners, as it is: nothing is resolved or made safe. */
export interface TarEntry {
  /** As the archive has it, bytes that are no UTF-8 as lone surrogates (see byteName.ts). */
  readonly path: string;
  readonly type: EntryType;
  /** Bytes of a file's content, holes included; 0 for all else. */
  readonly size: number;
  /** Bytes of it that are in the archive. */
  readonly storedSize: number;
  /** The lower twelve bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since 1970, with a fraction where the archive has one; may be negative. */
  readonly mtime: number;
  /** Target of a symlink or hardlink, in the same form as `path`; else ''. */
  readonly linkname: string;
  readonly devMajor: number;
  readonly devMinor: number;
  readonly xattrs?: ReadonlyMap<string, Buffer>;
  /** The pieces of a sparse file that are in the archive, in order; the rest of it is holes. */
  readonly sparse?: readonly Segment[];
}

/** How a directory is described that no archive describes. */
export const IMPLICIT_DIRECTORY: TarEntry = {
  path: '',
  type: 'directory',
  size: 0,
  storedSize: 0,
  mode: 0o755,
  uid: 0,
  gid: 0,
  mtime: 0,
  linkname: '',
  devMajor: 0,
  devMinor: 0,
};

/** A piece of a sparse file. */
export interface Segment {
  readonly offset: number;
  readonly length: number;
}

/** Takes an archive's entries in their order: `entry`, then `data` any number of times for a file's content, then `endEntry`. */
export interface TarVisitor {
  entry(entry: TarEntry): void;
  /** A part of the content, and where in the file it belongs. The buffer is used again after the call. */
  data(chunk: Uint8Array, position: number): void;
  endEntry(): void;
}
