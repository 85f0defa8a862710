import type { EntryType, TarEntry } from '../../layers/tar/tarEntry.ts';
import { isDigest, type Digest } from '../../oci/digest.ts';
import { isObject, type JsonObject } from '../../oci/json.ts';
import { type Container, containerLength, unpack } from '../formats/container.ts';
import { bytesInMemory, type IndexBytes, openBytes } from './listingBytes.ts';
import { IndexDamagedError } from '../errors.ts';
import { INDEX_MAGIC, PAGE, pageSum } from './listingFormat.ts';
import { IndexPage, NARROW_BYTES, WIDE_BYTES, type PageBytes } from './listingPage.ts';
import { keptTree } from './packedTree.ts';
import type { LayerDirectory, IndexFacts, LayerEntries, IndexEntry } from './layerEntries.ts';

const KINDS: readonly unknown[] = [
  'gzip',
  'zstd',
  'none',
  'toc',
  'soci',
  'parts',
  'found',
] satisfies IndexFacts['kind'][];

/** The longest beginning that is read before it is known how much is needed. */
const FIRST_READ = 1 << 16;

/** The index of a layer, of which only what is asked for is ever read. @throws {IndexDamagedError} from whatever asks for entries */
export class LayerIndex implements LayerEntries {
  readonly facts: IndexFacts;
  readonly count: number;
  readonly #bytes: IndexBytes;
  /** Where the pages begin. */
  readonly #start: number;
  readonly #nameBytes: number;
  readonly #extras: JsonObject;
  /** Two numbers for each page: checksum, and where its names begin. */
  readonly #sums: Uint32Array;
  readonly #treeParts: readonly Buffer[];
  readonly #pages: (IndexPage | undefined)[] = [];
  #tree: LayerDirectory | undefined;

  private constructor(
    facts: IndexFacts,
    { header, parts: [sums, ...tree] }: Container,
    bytes: IndexBytes,
    start: number,
  ) {
    this.facts = facts;
    this.count = Number(header['count']);
    this.#bytes = bytes;
    this.#start = start;
    this.#nameBytes = Number(header['names']);
    this.#extras = isObject(header['extras']) ? header['extras'] : {};
    this.#sums = new Uint32Array(Uint8Array.from(sums ?? []).buffer);
    this.#treeParts = tree;
  }

  /** Reads what {@link IndexBuilder} made. `undefined` for what is damaged, of another version, or of another layer. */
  static read(bytes: Buffer, digest: Digest): LayerIndex | undefined {
    const first = containerLength(bytes, INDEX_MAGIC);
    return first === undefined ? undefined : LayerIndex.#of(bytes.subarray(0, first), bytesInMemory(bytes), digest);
  }

  /** The same from a file, which stays open as long as the index is there. `undefined` also when the file is missing. */
  static async open(path: string, digest: Digest): Promise<LayerIndex | undefined> {
    const bytes = await openBytes(path).catch(() => undefined);
    if (!bytes) return undefined;
    let index: LayerIndex | undefined;
    try {
      const beginning = await bytes.readFirst(Math.min(FIRST_READ, bytes.length));
      const length = containerLength(beginning, INDEX_MAGIC) ?? 0;
      if (length > bytes.length) return undefined;
      index = LayerIndex.#of(length <= beginning.length ? beginning : await bytes.readFirst(length), bytes, digest);
      return index;
    } catch {
      return undefined;
    } finally {
      if (!index) bytes.close();
    }
  }

  static #of(first: Buffer, bytes: IndexBytes, digest: Digest): LayerIndex | undefined {
    const container = unpack(first, INDEX_MAGIC);
    if (!container || container.header['digest'] !== digest) return undefined;
    const { count, diffId, kind, names, verified } = container.header;
    if (!isKind(kind)) return undefined;
    const start = containerLength(first, INDEX_MAGIC) ?? 0;
    if (bytes.length !== start + Number(count) * (WIDE_BYTES + NARROW_BYTES) + Number(names)) return undefined;
    const doubt: Pick<IndexFacts, 'verified'> = verified === false ? { verified } : {};
    return new LayerIndex({ digest, kind, ...(isDigest(diffId) ? { diffId } : {}), ...doubt }, container, bytes, start);
  }

  get checksums(): boolean {
    const { kind } = this.facts;
    return kind === 'gzip' || kind === 'zstd' || kind === 'none';
  }

  get tree(): LayerDirectory | undefined {
    return (this.#tree ??= keptTree(this.#treeParts, this));
  }

  path(at: number): string {
    return this.#page(at).path(at);
  }

  type(at: number): EntryType {
    return this.#page(at).type(at);
  }

  linkname(at: number): string {
    return this.#page(at).linkname(at);
  }

  size(at: number): number {
    return this.#page(at).size(at);
  }

  entry(at: number): IndexEntry {
    return this.#page(at).entry(at);
  }

  #page(at: number): IndexPage {
    const page = Math.floor(at / PAGE);
    return (this.#pages[page] ??= this.#load(page));
  }

  #load(page: number): IndexPage {
    const first = page * PAGE;
    const count = Math.min(PAGE, this.count - first);
    const [sum, nameStart = 0, , nameEnd = this.#nameBytes] = this.#sums.subarray(2 * page, 2 * page + 4);
    const narrowStart = this.#start + this.count * WIDE_BYTES;
    const bytes: PageBytes = {
      wide: this.#bytes.read(this.#start + first * WIDE_BYTES, count * WIDE_BYTES),
      narrow: this.#bytes.read(narrowStart + first * NARROW_BYTES, count * NARROW_BYTES),
      names: this.#bytes.read(narrowStart + this.count * NARROW_BYTES + nameStart, nameEnd - nameStart),
    };
    if (pageSum(bytes) !== sum) {
      this.#bytes.discard();
      throw new IndexDamagedError(this.facts.digest);
    }
    return new IndexPage(first, bytes, nameStart, this.#extras);
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
