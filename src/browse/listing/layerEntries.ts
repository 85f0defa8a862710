import type { EntryType, TarEntry } from '../../layers/tar/tarEntry.ts';
import type { Compression } from '../../oci/compression.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Suspect } from '../../secrets/secretScan.ts';

/** One entry of a layer's archive, and where its content is. */
export interface ListingEntry extends Omit<TarEntry, 'xattrs'> {
  /**
   * Of the stored content in the uncompressed archive. For a layer with a table of contents, the
   * entry's number in that table.
   */
  readonly offset: number;
  /** CRC-32 of the stored content; 0 unless the whole layer was read. */
  readonly crc: number;
  /** Values in base64. */
  readonly xattrs?: Readonly<Record<string, string>>;
  /** Likely secrets found in the content, as far as it was read. */
  readonly suspects?: readonly Suspect[];
}

/** Facts about a layer as a whole. */
export interface ListingFacts {
  /** Of the blob. */
  readonly digest: Digest;
  /**
   * Where the content is. `toc`: where the layer's own table of contents says. `soci`: in the spans
   * of a SOCI index. `parts`: in an uncompressed archive; only its headers were read. `found`:
   * nowhere yet, since the layer is still being read. Otherwise the compression of a layer that was
   * read as a whole.
   */
  readonly kind: Compression | 'toc' | 'soci' | 'parts' | 'found';
  /** False if no digest in the manifest covers the listing and the content read through it. */
  readonly verified?: false;
  /** Absent if only a table of contents was read. */
  readonly diffId?: Digest;
}

/** A layer's entries, in archive order. */
export interface LayerEntries {
  readonly facts: ListingFacts;
  readonly count: number;
  /** Whether entries have checksums of their content, because the whole layer was read. */
  readonly checksums: boolean;
  path(at: number): string;
  type(at: number): EntryType;
  linkname(at: number): string;
  size(at: number): number;
  entry(at: number): ListingEntry;
  /** The tree of the entries, if it was stored. */
  readonly tree?: LayerDirectory | undefined;
}

/** A node of one layer's own tree. */
export type LayerNode = LayerDirectory | LayerLeaf;

export interface LayerLeaf {
  readonly kind: 'leaf';
  /** Number of the entry in the listing. */
  readonly at: number;
  /**
   * For a hard link, the entry of the file it names, or `undefined` if this layer does not have it.
   * Otherwise the same as `at`.
   */
  readonly content: number | undefined;
  /** The hard link whose target counts where lower layers have it, before `content`. */
  readonly linkBelow?: number;
}

export interface LayerDirectory {
  readonly kind: 'directory';
  /** Number of the entry; `undefined` if the archive only implies the directory. */
  readonly at: number | undefined;
  /** Hides everything that lower layers have here. */
  readonly opaque: boolean;
  /** Names that are deleted here. */
  readonly whiteouts: ReadonlySet<string>;
  readonly children: ReadonlyMap<string, LayerNode>;
}
