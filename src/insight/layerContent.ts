import type { Suspect } from '../browse/secretScan.ts';

/** One thing in a layer, under its plain path: no slash at either end, no `.` and `..`. */
export interface FileEntry {
  readonly path: string;
  readonly type: 'file' | 'directory' | 'symlink' | 'hardlink' | 'fifo' | 'char' | 'block';
  /** Bytes of a file's content, 0 for all else. */
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Of a symlink as it is, of a hardlink as a plain path; else ''. */
  readonly linkname: string;
  /** The layer that it comes from; 1 is the base. */
  readonly layer: number;
  /** Tells equal contents from others, as far as it is of the same kind (`crc32:…`, `sha256:…`); absent where it is not known. */
  readonly content?: string;
  /** What looks like a secret in its content. */
  readonly suspects?: readonly Suspect[];
}

/** What one layer adds and takes away. */
export interface LayerContent {
  /** 1 is the base. */
  readonly number: number;
  /** Only a list of the files was read; nobody looked into them. */
  readonly listedOnly?: true;
  /** In the order of the archive. */
  readonly entries: readonly FileEntry[];
  /** Paths that it deletes from the layers below. */
  readonly deleted: readonly string[];
  /** Directories of which it deletes everything that the layers below have in them. */
  readonly opaque: readonly string[];
}
