import { isAscii } from 'node:buffer';
import { decodeName } from '../../layers/tar/byteName.ts';
import type { EntryType, Segment } from '../../layers/tar/tarEntry.ts';
import { isObject, type JsonObject } from '../../oci/json.ts';
import type { ListingEntry } from './layerEntries.ts';
import type { Suspect } from '../../secrets/secretScan.ts';

export const TYPES: readonly EntryType[] = ['file', 'directory', 'symlink', 'hardlink', 'fifo', 'char', 'block'];
/** 64-bit fields of an entry: size, storedSize, mtime, offset. */
export const WIDE = 4;
/** 32-bit fields: ends of path and link in the names, type and mode, uid, gid, crc, devMajor, devMinor. */
export const NARROW = 8;
/** Bytes of an entry but for its names. */
export const WIDE_BYTES = 8 * WIDE;
export const NARROW_BYTES = 4 * NARROW;

/** What an listing keeps of entries that stand one behind the other. */
export interface BlockBytes {
  readonly wide: Buffer;
  readonly narrow: Buffer;
  readonly names: Buffer;
}

/** Some of a layer's entries, which are made when asked for. `at` is always the number of an entry in the layer. */
export class ListingBlock {
  readonly #first: number;
  readonly #wide: Float64Array;
  readonly #narrow: Uint32Array;
  readonly #names: Buffer;
  /** Where in all names those of this block begin. */
  readonly #nameStart: number;
  readonly #extras: JsonObject;
  // Cutting a text is much faster than decoding bytes, and nearly every layer has plain names only.
  readonly #ascii: string | undefined;

  constructor(first: number, { wide, narrow, names }: BlockBytes, nameStart: number, extras: JsonObject) {
    const [wideBytes, narrowBytes] = [aligned(wide), aligned(narrow)];
    this.#first = first;
    this.#wide = new Float64Array(wideBytes.buffer, wideBytes.byteOffset, wideBytes.length / 8);
    this.#narrow = new Uint32Array(narrowBytes.buffer, narrowBytes.byteOffset, narrowBytes.length / 4);
    this.#names = names;
    this.#nameStart = nameStart;
    this.#extras = extras;
    this.#ascii = isAscii(names) ? names.toString('latin1') : undefined;
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

/** A view on numbers must begin at a multiple of eight. */
function aligned(bytes: Buffer): Uint8Array {
  return bytes.byteOffset % 8 === 0 ? bytes : Uint8Array.from(bytes);
}

function extrasOf(extras: JsonObject): Pick<ListingEntry, 'sparse' | 'xattrs' | 'suspects'> {
  const { sparse, xattrs, suspects } = extras;
  const segments = Array.isArray(sparse) ? sparse.map(toSegment) : undefined;
  const values = isObject(xattrs)
    ? Object.fromEntries(Object.entries(xattrs).map(([name, value]) => [name, String(value)]))
    : undefined;
  const told = Array.isArray(suspects) ? { suspects: suspects.map(toSuspect) } : {};
  return { ...(segments ? { sparse: segments } : {}), ...(values ? { xattrs: values } : {}), ...told };
}

function toSuspect(pair: unknown): Suspect {
  const [what, line]: readonly unknown[] = Array.isArray(pair) ? pair : [];
  return { what: String(what), line: Number(line) };
}

function toSegment(pair: unknown): Segment {
  const [offset, length]: readonly unknown[] = Array.isArray(pair) ? pair : [];
  return { offset: Number(offset), length: Number(length) };
}
