import type { Suspect } from '../secrets/secretScan.ts';

/** An entry of a layer, under its plain path: without slashes at the ends, `.` and `..`. */
export interface FileEntry {
  readonly path: string;
  readonly type: 'file' | 'directory' | 'symlink' | 'hardlink' | 'fifo' | 'char' | 'block';
  /** Bytes of a file's content; 0 for everything else. */
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Of a symlink, as it is; of a hard link, a plain path; otherwise ''. */
  readonly linkname: string;
  /** Number of the layer it comes from; 1 is the base. */
  readonly layer: number;
  /** Distinguishes contents of equal size (`crc32:…`); absent where unknown or not needed. */
  readonly content?: string;
  /** Major and minor number of a device: `1:3`. */
  readonly device?: string;
  /** Extended attributes, such as `security.capability`, with base64 values. */
  readonly xattrs?: Readonly<Record<string, string>>;
  /** Likely secrets in its content. */
  readonly suspects?: readonly Suspect[];
}

/** What one layer adds and deletes. */
export interface LayerContent {
  /** 1 is the base. */
  readonly number: number;
  /** Only a list of the files was read, not their contents. */
  readonly listedOnly?: true;
  /** In archive order. */
  readonly entries: readonly FileEntry[];
  /** Paths deleted from the layers below. */
  readonly deleted: readonly string[];
  /** Directories whose contents in the layers below are deleted. */
  readonly opaque: readonly string[];
}
