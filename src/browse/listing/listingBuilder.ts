import { nameBytes } from '../../layers/tar/byteName.ts';
import type { TarEntry } from '../../layers/tar/tarEntry.ts';
import type { Digest } from '../../oci/digest.ts';
import type { JsonObject } from '../../oci/json.ts';
import { type BlockBytes, ListingBlock, listingFile, NARROW, TYPES, WIDE } from './listingFormat.ts';
import { packTree } from './packedTree.ts';
import type { ListingEntry, ListingFacts, LayerEntries } from './layerEntries.ts';
import { LayerTreeBuilder } from './layerTree.ts';
import type { Suspect } from '../../secrets/secretScan.ts';

/** Builds a listing from the entries of one layer, added in archive order. */
export class ListingBuilder {
  #names = Buffer.allocUnsafe(1 << 16);
  #length = 0;
  #wide = new Float64Array(WIDE * 1024);
  #narrow = new Uint32Array(NARROW * 1024);
  #count = 0;
  readonly #extras: Record<string, JsonObject> = {};

  get count(): number {
    return this.#count;
  }

  /** Adds an entry, whose `crc` may be set later by {@link setCrc}. */
  add(entry: ListingEntry): void {
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

  /** Sets the checksum of the last entry. */
  setCrc(crc: number): void {
    this.#narrow[(this.#count - 1) * NARROW + 5] = crc;
  }

  /** Sets what was found in the content of the last entry. */
  setSuspects(suspects: readonly Suspect[]): void {
    const at = this.#count - 1;
    this.#extras[at] = { ...this.#extras[at], suspects: suspects.map(({ what, line }) => [what, line]) };
  }

  /** Returns the listing's file. @param tree stores the tree too, which takes a while to build */
  finish(facts: ListingFacts, { tree = false } = {}): Buffer {
    const all = this.#from(0);
    const entries = tree ? entriesIn(facts, this.#count, new ListingBlock(0, all, 0, this.#extras)) : undefined;
    const packed = entries ? packTree(new LayerTreeBuilder(entries).finish()) : [];
    return listingFile({ ...facts, extras: this.#extras }, this.#count, all, packed);
  }

  /** Returns the entries from number `from` on as a listing of their own. */
  part(from: number, digest: Digest): Buffer {
    const all = this.#from(from);
    const start = from === 0 ? 0 : (this.#narrow[(from - 1) * NARROW + 1] ?? 0);
    const narrow = Uint32Array.from(this.#narrow.subarray(from * NARROW, this.#count * NARROW));
    for (let at = 0; at < narrow.length; at += NARROW) {
      narrow[at] = (narrow[at] ?? 0) - start;
      narrow[at + 1] = (narrow[at + 1] ?? 0) - start;
    }
    const moved = { ...all, narrow: bytesOf(narrow), names: all.names.subarray(start) };
    return listingFile({ digest, kind: 'found', extras: {} }, this.#count - from, moved, []);
  }

  #from(from: number): BlockBytes {
    return {
      wide: bytesOf(this.#wide.subarray(from * WIDE, this.#count * WIDE)),
      narrow: bytesOf(this.#narrow.subarray(from * NARROW, this.#count * NARROW)),
      names: this.#names.subarray(0, this.#length),
    };
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

/** Returns an archive's entry with the offset of its content, its checksum still to be set. */
export function listingEntry({ xattrs, ...entry }: TarEntry, offset: number): ListingEntry {
  const values = xattrs && Object.fromEntries([...xattrs].map(([name, value]) => [name, value.toString('base64')]));
  return { ...entry, offset, crc: 0, ...(values ? { xattrs: values } : {}) };
}

function bytesOf(array: Float64Array | Uint32Array): Buffer {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength);
}

function entriesIn(facts: ListingFacts, count: number, block: ListingBlock): LayerEntries {
  return {
    facts,
    count,
    checksums: false,
    path: at => block.path(at),
    type: at => block.type(at),
    linkname: at => block.linkname(at),
    size: at => block.size(at),
    entry: at => block.entry(at),
  };
}
