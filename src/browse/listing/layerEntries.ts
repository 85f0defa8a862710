import type { Compression } from '../../oci/compression.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Suspect } from '../../secrets/secretScan.ts';
import type { TarEntry, EntryType } from '../../layers/tar/tarEntry.ts';
/** One entry of a layer's archive, and where its content lies. */
export interface ListingEntry extends Omit<TarEntry, 'xattrs'> {
  /** Of the stored content in the uncompressed archive; for a layer with a table of contents the number of the entry in that table. */
  readonly offset: number;
  /** CRC-32 of the stored content; 0 where not all of the layer was read. */
  readonly crc: number;
  /** Values in base64. */
  readonly xattrs?: Readonly<Record<string, string>>;
  /** What looks like a secret in its content, as far as that was read for the listing. */
  readonly suspects?: readonly Suspect[];
}

/** What is known of the layer as a whole. */
export interface ListingFacts {
  /** Of the blob. */
  readonly digest: Digest;
  /**
   * Where the content lies. `toc`: where the layer's own table of contents tells. `soci`: in spans of the gzip stream that a SOCI index tells. `parts`: in an archive that is not compressed, of
   * which only headers were read. `found`: nowhere yet, for the layer is still being read. Else the compression of the whole, all of which was read.
   */
  readonly kind: Compression | 'toc' | 'soci' | 'parts' | 'found';
  /** False where no digest of the image's manifest vouches for what is listed, nor for what is read by it. */
  readonly verified?: false;
  /** Of the archive; absent where only a table of contents was read. */
  readonly diffId?: Digest;
}

/** What a layer holds, entry by entry in the order of its archive. */
export interface LayerEntries {
  readonly facts: ListingFacts;
  readonly count: number;
  /** The entries have checksums of their content: all of it was read. */
  readonly checksums: boolean;
  path(at: number): string;
  type(at: number): EntryType;
  linkname(at: number): string;
  size(at: number): number;
  entry(at: number): ListingEntry;
  /** The tree that they make, where that was kept. */
  readonly tree?: LayerDirectory | undefined;
}

/** Something in one layer's own tree. */
export type LayerNode = LayerDirectory | LayerLeaf;

export interface LayerLeaf {
  readonly kind: 'leaf';
  /** Number of the entry in the listing. */
  readonly at: number;
  /** For a hard link the entry of the file that it names, or `undefined` when that lies in a layer below; else the same as `at`. */
  readonly content: number | undefined;
}

/** A directory of one layer. */
export interface LayerDirectory {
  readonly kind: 'directory';
  /** Number of the entry; `undefined` where the archive does not describe the directory. */
  readonly at: number | undefined;
  /** Hides all that lower layers have here. */
  readonly opaque: boolean;
  /** Names that are deleted here. */
  readonly whiteouts: ReadonlySet<string>;
  /** What is in it, by name. */
  readonly children: ReadonlyMap<string, LayerNode>;
}
