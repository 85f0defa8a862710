/**
 * The type of an entry. A contiguous file counts as a file, a GNU dump directory as a directory.
 */
export type EntryType = 'file' | 'directory' | 'symlink' | 'hardlink' | 'fifo' | 'char' | 'block';

/** An entry as its headers describe it, without owner names. Nothing is resolved or made safe. */
export interface TarEntry {
  /** As in the archive, with bytes that are not UTF-8 as lone surrogates (see byteName.ts). */
  readonly path: string;
  readonly type: EntryType;
  /** Bytes of a file's content including holes; 0 for other types. */
  readonly size: number;
  /** Bytes of the content that are in the archive. */
  readonly storedSize: number;
  /** The lower twelve bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since 1970; may be negative and have a fraction. At most 2^53 either way. */
  readonly mtime: number;
  /** Target of a symlink or hard link, in the form of `path`; else ''. */
  readonly linkname: string;
  readonly devMajor: number;
  readonly devMinor: number;
  readonly xattrs?: ReadonlyMap<string, Buffer>;
  /** The segments of a sparse file that are in the archive, in order; the rest is holes. */
  readonly sparse?: readonly Segment[];
}

/** The attributes of a directory that no archive describes. */
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

/** A part of a file, in bytes. */
export interface Segment {
  readonly offset: number;
  readonly length: number;
}

/** Receives each entry in order: `entry`, then `data` any number of times, then `endEntry`. */
export interface TarVisitor {
  entry(entry: TarEntry): void;
  /**
   * Receives a part of the content and its offset in the file. The buffer is reused after the call.
   */
  data(chunk: Uint8Array, position: number): void;
  endEntry(): void;
}
