import { isAscii } from 'node:buffer';
import { decodeName, nameBytes } from '../layers/byteName.ts';
import type { Compression } from '../layers/decompress.ts';
import type { EntryType, Segment, TarEntry } from '../layers/tarEntry.ts';
import type { Digest } from '../oci/digest.ts';
import { isDigest } from '../oci/digest.ts';
import { isObject, type JsonObject } from '../oci/json.ts';
import { pack, unpack, type Container } from './container.ts';
import type { Suspect } from './secretScan.ts';

/** One entry of a layer's archive, and where its content lies. */
export interface IndexEntry extends Omit<TarEntry, 'uname' | 'gname' | 'xattrs'> {
  /** Of the stored content in the uncompressed archive; for a layer with a table of contents the number of the entry in that table. */
  readonly offset: number;
  /** CRC-32 of the stored content; 0 where not all of the layer was read. */
  readonly crc: number;
  /** Values in base64. */
  readonly xattrs?: Readonly<Record<string, string>>;
  /** What looks like a secret in its content, as far as that was read for the index. */
  readonly suspects?: readonly Suspect[];
}

/** What is known of the layer as a whole. */
export interface IndexFacts {
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

const MAGIC = 'PLI2';
const KINDS: readonly unknown[] = [
  'gzip',
  'zstd',
  'none',
  'toc',
  'soci',
  'parts',
  'found',
] satisfies IndexFacts['kind'][];
const TYPES: readonly EntryType[] = ['file', 'directory', 'symlink', 'hardlink', 'fifo', 'char', 'block'];
/** 64-bit fields of an entry: size, storedSize, mtime, offset. */
const WIDE = 4;
/** 32-bit fields: ends of path and link in the names, type and mode, uid, gid, crc, devMajor, devMinor. */
const NARROW = 8;

/** What a layer holds, entry by entry in the order of its archive. */
export interface LayerEntries {
  readonly facts: IndexFacts;
  readonly count: number;
  /** The entries have checksums of their content: all of it was read. */
  readonly checksums: boolean;
  path(at: number): string;
  type(at: number): EntryType;
  linkname(at: number): string;
  size(at: number): number;
  entry(at: number): IndexEntry;
}

/** Collects the entries of one layer, in their order, into an index. */
export class IndexBuilder {
  #names = Buffer.allocUnsafe(1 << 16);
  #length = 0;
  #wide = new Float64Array(WIDE * 1024);
  #narrow = new Uint32Array(NARROW * 1024);
  #count = 0;
  readonly #extras: Record<string, JsonObject> = {};

  get count(): number {
    return this.#count;
  }

  /** `crc` may come later, by {@link setCrc}. */
  add(entry: IndexEntry): void {
    const at = this.#count++;
    if (at * WIDE === this.#wide.length) this.#grow();
    this.#wide.set([entry.size, entry.storedSize, entry.mtime, entry.offset], at * WIDE);
    const pathEnd = this.#put(entry.path);
    const linkEnd = this.#put(entry.linkname);
    const kind = (TYPES.indexOf(entry.type) << 16) | entry.mode;
    const { uid, gid, crc, devMajor, devMinor } = entry;
    this.#narrow.set([pathEnd, linkEnd, kind, uid, gid, crc, devMajor, devMinor], at * NARROW);
    const { sparse, xattrs } = entry;
    if (sparse || xattrs) {
      const segments = sparse?.map(({ offset, length }) => [offset, length]);
      this.#extras[at] = { ...(segments ? { sparse: segments } : {}), ...(xattrs ? { xattrs } : {}) };
    }
  }

  /** The checksum of the entry that was added last. */
  setCrc(crc: number): void {
    this.#narrow[(this.#count - 1) * NARROW + 5] = crc;
  }

  /** What was found in the content of the entry that was added last. */
  setSuspects(suspects: readonly Suspect[]): void {
    const at = this.#count - 1;
    this.#extras[at] = { ...this.#extras[at], suspects: suspects.map(({ what, line }) => [what, line]) };
  }

  /** The index as it is kept in a file. */
  finish(facts: IndexFacts): Buffer {
    const wide = this.#wide.subarray(0, this.#count * WIDE);
    const narrow = this.#narrow.subarray(0, this.#count * NARROW);
    const header = { ...facts, count: this.#count, extras: this.#extras };
    return pack(MAGIC, header, [bytesOf(wide), bytesOf(narrow), this.#names.subarray(0, this.#length)]);
  }

  /** The entries from number `from` on, as an index by itself. */
  part(from: number, digest: Digest): Buffer {
    const wide = this.#wide.subarray(from * WIDE, this.#count * WIDE);
    const narrow = this.#narrow.slice(from * NARROW, this.#count * NARROW);
    const start = from === 0 ? 0 : (this.#narrow[(from - 1) * NARROW + 1] ?? 0);
    for (let at = 0; at < narrow.length; at += NARROW) {
      narrow[at] = (narrow[at] ?? 0) - start;
      narrow[at + 1] = (narrow[at + 1] ?? 0) - start;
    }
    const header = { digest, kind: 'found', count: this.#count - from, extras: {} };
    return pack(MAGIC, header, [bytesOf(wide), bytesOf(narrow), this.#names.subarray(start, this.#length)]);
  }

  #put(name: string): number {
    const bytes = nameBytes(name);
    const end = this.#length + bytes.length;
    if (end > this.#names.length) {
      const names = Buffer.allocUnsafe(Math.max(end, 2 * this.#names.length));
      this.#names.copy(names, 0, 0, this.#length);
      this.#names = names;
    }
    bytes.copy(this.#names, this.#length);
    this.#length = end;
    return end;
  }

  #grow(): void {
    const wide = new Float64Array(this.#wide.length * 2);
    wide.set(this.#wide);
    const narrow = new Uint32Array(this.#narrow.length * 2);
    narrow.set(this.#narrow);
    this.#wide = wide;
    this.#narrow = narrow;
  }
}

function bytesOf(array: Float64Array | Uint32Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** What one layer holds, entry by entry in the order of its archive. Entries are made when asked for: a hundred thousand of them cost a few megabytes. */
export class LayerIndex implements LayerEntries {
  readonly facts: IndexFacts;
  readonly count: number;
  readonly #wide: Float64Array;
  readonly #narrow: Uint32Array;
  readonly #names: Buffer;
  readonly #ascii: string | undefined;
  readonly #extras: JsonObject;

  private constructor(facts: IndexFacts, { header, parts: [wide, narrow, names] }: Container) {
    this.facts = facts;
    this.count = Number(header['count']);
    this.#extras = isObject(header['extras']) ? header['extras'] : {};
    const [wideBytes, narrowBytes] = [aligned(wide), aligned(narrow)];
    this.#wide = new Float64Array(wideBytes.buffer, wideBytes.byteOffset, wideBytes.length / 8);
    this.#narrow = new Uint32Array(narrowBytes.buffer, narrowBytes.byteOffset, narrowBytes.length / 4);
    this.#names = names ?? Buffer.alloc(0);
    // Cutting a text is much faster than decoding bytes, and nearly every layer has plain names only.
    this.#ascii = isAscii(this.#names) ? this.#names.toString('latin1') : undefined;
  }

  /** Reads what {@link IndexBuilder} made. `undefined` for a file that is damaged, of another version, or of another layer. */
  static read(bytes: Buffer, digest: Digest): LayerIndex | undefined {
    const container = unpack(bytes, MAGIC);
    if (!container || container.header['digest'] !== digest) return undefined;
    const { count, diffId, kind, verified } = container.header;
    if (!isKind(kind)) return undefined;
    const [wide, narrow] = container.parts;
    if (wide?.length !== Number(count) * WIDE * 8 || narrow?.length !== Number(count) * NARROW * 4) return undefined;
    const doubt: Pick<IndexFacts, 'verified'> = verified === false ? { verified } : {};
    return new LayerIndex({ digest, kind, ...(isDigest(diffId) ? { diffId } : {}), ...doubt }, container);
  }

  get checksums(): boolean {
    const { kind } = this.facts;
    return kind === 'gzip' || kind === 'zstd' || kind === 'none';
  }

  path(at: number): string {
    return this.#name(at === 0 ? 0 : this.#field(at - 1, 1), this.#field(at, 0));
  }

  type(at: number): EntryType {
    return TYPES[this.#field(at, 2) >>> 16] ?? 'file';
  }

  linkname(at: number): string {
    return this.#name(this.#field(at, 0), this.#field(at, 1));
  }

  size(at: number): number {
    return this.#wide[at * WIDE] ?? 0;
  }

  entry(at: number): IndexEntry {
    const [size = 0, storedSize = 0, mtime = 0, offset = 0] = this.#wide.subarray(at * WIDE, at * WIDE + WIDE);
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
    return this.#narrow[at * NARROW + field] ?? 0;
  }

  #name(start: number, end: number): string {
    return this.#ascii?.slice(start, end) ?? decodeName(this.#names, start, end);
  }
}

function isKind(kind: unknown): kind is IndexFacts['kind'] {
  return KINDS.includes(kind);
}

/** An entry of an archive with the place of its content. Its checksum is not known yet. */
export function indexEntry({ xattrs, ...entry }: TarEntry, offset: number): IndexEntry {
  const values = xattrs && Object.fromEntries([...xattrs].map(([name, value]) => [name, value.toString('base64')]));
  return { ...entry, offset, crc: 0, ...(values ? { xattrs: values } : {}) };
}

/** A view on numbers must begin at a multiple of eight, as the parts of a file do that was read into a buffer of its own. */
function aligned(bytes: Buffer = Buffer.alloc(0)): Uint8Array {
  return bytes.byteOffset % 8 === 0 ? bytes : Uint8Array.from(bytes);
}

function extrasOf(extras: JsonObject): Pick<IndexEntry, 'sparse' | 'xattrs' | 'suspects'> {
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
