import { nameBytes } from '../../layers/tar/byteName.ts';
import type { TarEntry } from '../../layers/tar/tarEntry.ts';
import type { JsonObject } from '../../oci/json.ts';
import {
  type BlockBytes,
  BlockEntries,
  ListingBlock,
  listingFile,
  type ListingPart,
  NARROW,
  TYPES,
  WIDE,
} from './listingFormat.ts';
import { packTree } from './packedTree.ts';
import type { ListingEntry, ListingFacts } from './layerEntries.ts';
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
    const entries = new BuiltEntries(facts, this.#count, new ListingBlock(0, all, 0, this.#extras));
    const packed = tree ? packTree(new LayerTreeBuilder(entries).finish()) : [];
    return listingFile({ ...facts, extras: this.#extras }, this.#count, all, packed);
  }

  /**
   * Returns the entries from number `from` on, in buffers of their own that can be posted to a
   * thread.
   */
  part(from: number): ListingPart {
    const { wide, narrow, names } = this.#from(from);
    const nameStart = from === 0 ? 0 : (this.#narrow[(from - 1) * NARROW + 1] ?? 0);
    const parts = { wide: new Uint8Array(wide), narrow: new Uint8Array(narrow), names: names.slice(nameStart) };
    return { ...parts, nameStart };
  }

  #from(from: number): BlockBytes {
    return {
      wide: bytesOf(this.#wide.subarray(from * WIDE, this.#count * WIDE)),
      narrow: bytesOf(this.#narrow.subarray(from * NARROW, this.#count * NARROW)),
      names: new Uint8Array(this.#names.buffer, this.#names.byteOffset, this.#length),
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

function bytesOf(array: Float64Array | Uint32Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** All entries of a listing that is being built. */
class BuiltEntries extends BlockEntries {
  readonly facts: ListingFacts;
  readonly count: number;
  readonly checksums = false;
  readonly #block: ListingBlock;

  constructor(facts: ListingFacts, count: number, block: ListingBlock) {
    super();
    this.facts = facts;
    this.count = count;
    this.#block = block;
  }

  protected blockOf(): ListingBlock {
    return this.#block;
  }
}
