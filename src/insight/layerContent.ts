import type { Suspect } from '../secrets/secretScan.ts';

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
  /** Tells equal contents of one size from others (`crc32:…`); absent where it is not known, or nobody asks. */
  readonly content?: string;
  /** Major and minor number of a device, `1:3`. */
  readonly device?: string;
  /** Extended attributes, such as `security.capability`; values in base64. */
  readonly xattrs?: Readonly<Record<string, string>>;
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
