import { isAscii } from 'node:buffer';
import { crc32 } from 'node:zlib';
import { decodeName } from '../../layers/tar/byteName.ts';
import type { EntryType, Segment } from '../../layers/tar/tarEntry.ts';
import { isObject, type JsonObject } from '../../oci/json.ts';
import type { Suspect } from '../../secrets/secretScan.ts';
import { pack } from '../formats/container.ts';
import type { LayerEntries, ListingEntry, ListingFacts } from './layerEntries.ts';

/*
 * The file of a layer's listing: a container, then the 64-bit fields of all entries, their 32-bit
 * fields, and their names, so that blocks of entries can be read on their own. The container holds
 * facts about the layer, a checksum and the start of the names for each block, and perhaps the
 * tree.
 */

export const LISTING_MAGIC = 'PLI5';

/** Entries per block. */
export const BLOCK_ENTRIES = 256;

export const TYPES: readonly EntryType[] = ['file', 'directory', 'symlink', 'hardlink', 'fifo', 'char', 'block'];
/** 64-bit fields of an entry: size, storedSize, mtime, offset. */
export const WIDE = 4;
/** 32-bit fields: ends of path and link, type and mode, uid, gid, crc, devMajor, devMinor. */
export const NARROW = 8;
export const WIDE_BYTES = 8 * WIDE;
export const NARROW_BYTES = 4 * NARROW;

/** What a listing stores for consecutive entries. */
export interface BlockBytes {
  readonly wide: Uint8Array;
  readonly narrow: Uint8Array;
  readonly names: Uint8Array;
}

/** Consecutive entries outside a file. Plain data. */
export interface ListingPart extends BlockBytes {
  /** Where its names start among all names. */
  readonly nameStart: number;
}

/** Returns the content of a listing's file. @param tree from `packTree`, or empty */
export function listingFile(header: JsonObject, count: number, all: BlockBytes, tree: readonly Uint8Array[]): Buffer {
  const sums = sumsOf(count, all);
  const parts = [new Uint8Array(sums.buffer), ...tree];
  const container = pack(LISTING_MAGIC, { ...header, count, names: all.names.length }, parts);
  return Buffer.concat([container, all.wide, all.narrow, all.names]);
}

export function blockSum({ wide, narrow, names }: BlockBytes): number {
  return crc32(names, crc32(narrow, crc32(wide)));
}

function sumsOf(count: number, { wide, narrow, names }: BlockBytes): Uint32Array<ArrayBuffer> {
  const fields = new Uint32Array(narrow.buffer, narrow.byteOffset, count * NARROW);
  const sums = new Uint32Array(2 * Math.ceil(count / BLOCK_ENTRIES));
  let nameStart = 0;
  for (let block = 0; 2 * block < sums.length; block++) {
    const [first, end] = [block * BLOCK_ENTRIES, Math.min(count, (block + 1) * BLOCK_ENTRIES)];
    const nameEnd = fields[(end - 1) * NARROW + 1] ?? 0;
    sums[2 * block] = blockSum({
      wide: wide.subarray(first * WIDE_BYTES, end * WIDE_BYTES),
      narrow: narrow.subarray(first * NARROW_BYTES, end * NARROW_BYTES),
      names: names.subarray(nameStart, nameEnd),
    });
    sums[2 * block + 1] = nameStart;
    nameStart = nameEnd;
  }
  return sums;
}

/** Consecutive entries of a layer, decoded on demand by their number in the layer. */
export class ListingBlock {
  readonly #first: number;
  readonly #wide: Float64Array;
  readonly #narrow: Uint32Array;
  readonly #names: Buffer;
  /** Where this block's names start among all names. */
  readonly #nameStart: number;
  readonly #extras: JsonObject;
  // Slicing a string is much faster than decoding bytes, and most layers have ASCII names only.
  readonly #ascii: string | undefined;

  constructor(first: number, { wide, narrow, names }: BlockBytes, nameStart: number, extras: JsonObject) {
    const [wideBytes, narrowBytes] = [aligned(wide), aligned(narrow)];
    this.#first = first;
    this.#wide = new Float64Array(wideBytes.buffer, wideBytes.byteOffset, wideBytes.length / 8);
    this.#narrow = new Uint32Array(narrowBytes.buffer, narrowBytes.byteOffset, narrowBytes.length / 4);
    this.#names = Buffer.from(names.buffer, names.byteOffset, names.byteLength);
    this.#nameStart = nameStart;
    this.#extras = extras;
    this.#ascii = isAscii(names) ? this.#names.toString('latin1') : undefined;
  }

  path(at: number): string {
    return this.#name(at === this.#first ? this.#nameStart : this.#field(at - 1, 1), this.#field(at, 0));
  }

  type(at: number): EntryType {
    return TYPES[this.#field(at, 2) >>> 16] ?? 'file';
  }

  linkname(at: number): string {
    return this.#name(this.#field(at, 0), this.#field(at, 1));
  }

  size(at: number): number {
    return this.#wide[(at - this.#first) * WIDE] ?? 0;
  }

  entry(at: number): ListingEntry {
    const row = (at - this.#first) * WIDE;
    const [size = 0, storedSize = 0, mtime = 0, offset = 0] = this.#wide.subarray(row, row + WIDE);
    const extras = this.#extras[at];
    return {
      path: this.path(at),
      linkname: this.linkname(at),
      type: this.type(at),
      size,
      storedSize,
      mtime,
      offset,
      mode: this.#field(at, 2) & 0xfff,
      uid: this.#field(at, 3),
      gid: this.#field(at, 4),
      crc: this.#field(at, 5),
      devMajor: this.#field(at, 6),
      devMinor: this.#field(at, 7),
      ...(isObject(extras) ? extrasOf(extras) : {}),
    };
  }

  #field(at: number, field: number): number {
    return this.#narrow[(at - this.#first) * NARROW + field] ?? 0;
  }

  #name(start: number, end: number): string {
    const [from, to] = [start - this.#nameStart, end - this.#nameStart];
    return this.#ascii?.slice(from, to) ?? decodeName(this.#names, from, to);
  }
}

/** Entries that are read from blocks. */
export abstract class BlockEntries implements LayerEntries {
  abstract readonly facts: ListingFacts;
  abstract readonly count: number;
  abstract readonly checksums: boolean;

  protected abstract blockOf(at: number): ListingBlock;

  path(at: number): string {
    return this.blockOf(at).path(at);
  }

  type(at: number): EntryType {
    return this.blockOf(at).type(at);
  }

  linkname(at: number): string {
    return this.blockOf(at).linkname(at);
  }

  size(at: number): number {
    return this.blockOf(at).size(at);
  }

  entry(at: number): ListingEntry {
    return this.blockOf(at).entry(at);
  }
}

/** Copies bytes that don't start at a multiple of eight, which a typed array requires. */
function aligned(bytes: Uint8Array): Uint8Array {
  return bytes.byteOffset % 8 === 0 ? bytes : Uint8Array.from(bytes);
}

function extrasOf({ sparse, xattrs, suspects }: JsonObject): Pick<ListingEntry, 'sparse' | 'xattrs' | 'suspects'> {
  return {
    ...(Array.isArray(sparse) ? { sparse: sparse.map(toSegment) } : {}),
    ...(isObject(xattrs)
      ? { xattrs: Object.fromEntries(Object.entries(xattrs).map(([name, value]) => [name, String(value)])) }
      : {}),
    ...(Array.isArray(suspects) ? { suspects: suspects.map(toSuspect) } : {}),
  };
}

function toSuspect(pair: unknown): Suspect {
  const [what, line]: readonly unknown[] = Array.isArray(pair) ? pair : [];
  return { what: String(what), line: Number(line) };
}

function toSegment(pair: unknown): Segment {
  const [offset, length]: readonly unknown[] = Array.isArray(pair) ? pair : [];
  return { offset: Number(offset), length: Number(length) };
}
