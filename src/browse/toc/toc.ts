import type { EntryType } from '../../layers/tar/tarEntry.ts';
import { isDigest, type Digest } from '../../oci/digest.ts';
import { asObjects, isObject, type JsonObject } from '../../oci/json.ts';
import { ListingBuilder } from '../listing/listingBuilder.ts';

/** How the pieces of a layer's files are compressed, each on its own. */
export type TocFormat = 'estargz' | 'zstd:chunked';

/** A piece of a file: a compressed stream of its own at the bytes [start, end) of the blob. */
export interface TocPiece {
  readonly start: number;
  readonly end: number;
  /** Bytes of the uncompressed stream before the content. */
  readonly inner: number;
  /** Bytes of content. */
  readonly size: number;
  readonly digest?: Digest;
  /** Whether it is a hole: nothing is stored for it. */
  readonly zeros: boolean;
}

/** The pieces of one file, in order, and the digest of its whole content if the table has it. */
export interface TocFile {
  readonly pieces: readonly TocPiece[];
  readonly digest?: Digest;
}

/** Files that eStargz tools add for their own use. */
const LANDMARKS = new Set(['.prefetch.landmark', '.no.prefetch.landmark']);

const TYPES: ReadonlyMap<unknown, EntryType> = new Map([
  ['reg', 'file'],
  ['dir', 'directory'],
  ['symlink', 'symlink'],
  ['hardlink', 'hardlink'],
  ['char', 'char'],
  ['block', 'block'],
  ['fifo', 'fifo'],
]);

/** Returns the type of an entry by its name in tables of contents and zTOCs. */
export function entryTypeOf(name: unknown): EntryType | undefined {
  return TYPES.get(name);
}

/**
 * A layer's own table of contents (stargz-snapshotter, docs/estargz.md; c/storage, pkg/chunked).
 */
export class Toc {
  readonly #entries: readonly JsonObject[];
  /** Blob offset after the last content. */
  readonly #end: number;
  #offsets: Float64Array | undefined;

  private constructor(entries: readonly JsonObject[], end: number) {
    this.#entries = entries;
    this.#end = end;
  }

  /** Returns `undefined` for an unknown version. @param end blob offset after the last content */
  static parse(text: string, end: number): Toc | undefined {
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      return undefined;
    }
    if (!isObject(json) || json['version'] !== 1 || !Array.isArray(json['entries'])) return undefined;
    return new Toc(asObjects(json['entries']), end);
  }

  /**
   * Returns the file of the layer's listing; `undefined` if it would have too many entries, if
   * content lies outside the blob, or if names that are not UTF-8 look alike, since JSON cannot
   * hold them.
   */
  listing(digest: Digest, maxEntries: number): Buffer | undefined {
    const builder = new ListingBuilder();
    const replaced = new Set<string>();
    for (const [at, entry] of this.#entries.entries()) {
      const type = entryTypeOf(entry['type']);
      const path = text(entry['name']);
      if (!type || LANDMARKS.has(path)) continue;
      if (builder.count >= maxEntries) return undefined;
      if (path.includes('\ufffd') && replaced.size === replaced.add(path).size) return undefined;
      if (type === 'file' && this.file(at).pieces.some(piece => this.#isOutside(piece))) return undefined;
      const size = type === 'file' ? count(entry['size']) : 0;
      builder.add({
        path,
        type,
        size,
        storedSize: size,
        mode: count(entry['mode']) & 0xfff,
        uid: count(entry['uid']),
        gid: count(entry['gid']),
        mtime: (Date.parse(text(entry['modtime'])) || 0) / 1000,
        linkname: text(entry['linkName']),
        devMajor: count(entry['devMajor']),
        devMinor: count(entry['devMinor']),
        offset: at,
        crc: 0,
        ...(isObject(entry['xattrs']) ? { xattrs: stringsOf(entry['xattrs']) } : {}),
      });
    }
    return builder.finish({ digest, kind: 'toc' });
  }

  /** Returns where the content of an entry is. @param at the entry's `offset` in the listing */
  file(at: number): TocFile {
    const entry = this.#entries[at] ?? {};
    const size = count(entry['size']);
    const chunks = [entry];
    for (let next = at + 1; this.#entries[next]?.['type'] === 'chunk'; next++) chunks.push(this.#entries[next] ?? {});
    const pieces = size === 0 ? [] : chunks.map(chunk => this.#piece(chunk, size));
    const { digest } = entry;
    return { pieces, ...(isDigest(digest) ? { digest } : {}) };
  }

  #piece(chunk: JsonObject, fileSize: number): TocPiece {
    const start = count(chunk['offset']);
    const digest = chunk['chunkDigest'];
    return {
      start,
      end: chunk['endOffset'] === undefined ? this.#next(start) : count(chunk['endOffset']),
      inner: count(chunk['innerOffset']),
      size: count(chunk['chunkSize']) || fileSize - count(chunk['chunkOffset']),
      zeros: chunk['chunkType'] === 'zeros',
      ...(isDigest(digest) ? { digest } : {}),
    };
  }

  #isOutside({ start, end, zeros }: TocPiece): boolean {
    return !zeros && (start >= end || end > this.#end);
  }

  /** Returns the end of an eStargz stream, which is the start of the next one. */
  #next(start: number): number {
    this.#offsets ??= Float64Array.from(this.#entries, entry => count(entry['offset'])).sort();
    let low = 0;
    let high = this.#offsets.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#offsets[middle] ?? 0) > start) high = middle;
      else low = middle + 1;
    }
    return this.#offsets[low] ?? this.#end;
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function count(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 0;
}

function stringsOf(values: JsonObject): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, text(value)]));
}
