import { isDigest, type Digest } from '../../oci/digest.ts';
import { isObject, type JsonObject } from '../../oci/json.ts';
import { type Container, containerLength, unpack } from '../formats/container.ts';
import { bytesInMemory, type ListingBytes, openBytes } from './listingBytes.ts';
import { ListingDamagedError } from '../errors.ts';
import {
  BLOCK_ENTRIES,
  type BlockBytes,
  BlockEntries,
  blockSum,
  LISTING_MAGIC,
  ListingBlock,
  NARROW_BYTES,
  WIDE_BYTES,
} from './listingFormat.ts';
import { openPackedTree } from './packedTree.ts';
import type { LayerDirectory, ListingFacts } from './layerEntries.ts';

const KINDS: readonly unknown[] = [
  'gzip',
  'zstd',
  'none',
  'toc',
  'soci',
  'parts',
  'found',
] satisfies ListingFacts['kind'][];

/** Bytes read first, before the container's length is known. */
const FIRST_READ = 1 << 16;

/** A layer's stored listing. Methods that read its blocks may throw {@link ListingDamagedError}. */
export class LayerListing extends BlockEntries {
  readonly facts: ListingFacts;
  readonly count: number;
  readonly #bytes: ListingBytes;
  /** Where the blocks start. */
  readonly #start: number;
  readonly #nameBytes: number;
  readonly #extras: JsonObject;
  /** Two numbers per block: its checksum, and where its names start. */
  readonly #sums: Uint32Array;
  readonly #treeParts: readonly Buffer[];
  readonly #blocks: (ListingBlock | undefined)[] = [];
  #tree: LayerDirectory | undefined;

  private constructor(
    facts: ListingFacts,
    { header, parts: [sums, ...tree] }: Container,
    bytes: ListingBytes,
    start: number,
  ) {
    super();
    this.facts = facts;
    this.count = Number(header['count']);
    this.#bytes = bytes;
    this.#start = start;
    this.#nameBytes = Number(header['names']);
    this.#extras = isObject(header['extras']) ? header['extras'] : {};
    this.#sums = new Uint32Array(Uint8Array.from(sums ?? []).buffer);
    this.#treeParts = tree;
  }

  /** Returns `undefined` if the bytes are damaged, of another version or of another layer. */
  static read(bytes: Buffer, digest: Digest): LayerListing | undefined {
    const first = containerLength(bytes, LISTING_MAGIC);
    return first === undefined ? undefined : LayerListing.#of(bytes.subarray(0, first), bytesInMemory(bytes), digest);
  }

  /** Does the same from a file, which stays open as long as the listing is in use. */
  static async open(path: string, digest: Digest): Promise<LayerListing | undefined> {
    const bytes = await openBytes(path).catch(() => undefined);
    if (!bytes) return undefined;
    let listing: LayerListing | undefined;
    try {
      const beginning = await bytes.readFirst(Math.min(FIRST_READ, bytes.length));
      const length = containerLength(beginning, LISTING_MAGIC) ?? 0;
      if (length > bytes.length) return undefined;
      listing = LayerListing.#of(length <= beginning.length ? beginning : await bytes.readFirst(length), bytes, digest);
      return listing;
    } catch {
      return undefined;
    } finally {
      if (!listing) bytes.close();
    }
  }

  static #of(first: Buffer, bytes: ListingBytes, digest: Digest): LayerListing | undefined {
    const container = unpack(first, LISTING_MAGIC);
    if (!container || container.header['digest'] !== digest) return undefined;
    const { count, diffId, kind, names, verified } = container.header;
    if (!isKind(kind)) return undefined;
    const start = containerLength(first, LISTING_MAGIC) ?? 0;
    if (bytes.length !== start + Number(count) * (WIDE_BYTES + NARROW_BYTES) + Number(names)) return undefined;
    const doubt: Pick<ListingFacts, 'verified'> = verified === false ? { verified } : {};
    return new LayerListing(
      { digest, kind, ...(isDigest(diffId) ? { diffId } : {}), ...doubt },
      container,
      bytes,
      start,
    );
  }

  get checksums(): boolean {
    const { kind } = this.facts;
    return kind === 'gzip' || kind === 'zstd' || kind === 'none';
  }

  get tree(): LayerDirectory | undefined {
    return (this.#tree ??= openPackedTree(this.#treeParts, this));
  }

  protected blockOf(at: number): ListingBlock {
    const block = Math.floor(at / BLOCK_ENTRIES);
    return (this.#blocks[block] ??= this.#load(block));
  }

  #load(block: number): ListingBlock {
    const first = block * BLOCK_ENTRIES;
    const count = Math.min(BLOCK_ENTRIES, this.count - first);
    const [sum, nameStart = 0, , nameEnd = this.#nameBytes] = this.#sums.subarray(2 * block, 2 * block + 4);
    const narrowStart = this.#start + this.count * WIDE_BYTES;
    const bytes: BlockBytes = {
      wide: this.#bytes.read(this.#start + first * WIDE_BYTES, count * WIDE_BYTES),
      narrow: this.#bytes.read(narrowStart + first * NARROW_BYTES, count * NARROW_BYTES),
      names: this.#bytes.read(narrowStart + this.count * NARROW_BYTES + nameStart, nameEnd - nameStart),
    };
    if (blockSum(bytes) !== sum) {
      this.#bytes.discard();
      throw new ListingDamagedError(this.facts.digest);
    }
    return new ListingBlock(first, bytes, nameStart, this.#extras);
  }
}

function isKind(kind: unknown): kind is ListingFacts['kind'] {
  return KINDS.includes(kind);
}
