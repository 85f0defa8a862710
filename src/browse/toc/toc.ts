import type { EntryType } from '../../layers/tar/tarEntry.ts';
import { isDigest, type Digest } from '../../oci/digest.ts';
import { asObjects, isObject, type JsonObject } from '../../oci/json.ts';
import { ListingBuilder } from '../listing/listingBuilder.ts';

/** How the pieces of a layer's files are compressed, each by itself. */
export type TocFormat = 'estargz' | 'zstd:chunked';

/** One piece of a file's content: bytes [start, end) of the blob, a compressed stream of its own. */
export interface TocPiece {
  readonly start: number;
  readonly end: number;
  /** Bytes of the uncompressed stream before the content. */
  readonly inner: number;
  /** Bytes of content. */
  readonly size: number;
  readonly digest?: Digest;
  /** A hole: nothing is stored. */
  readonly zeros: boolean;
}

/** The pieces of one file, in order, and the digest of all its content where the table has it. */
export interface TocFile {
  readonly pieces: readonly TocPiece[];
  readonly digest?: Digest;
}

/** Files that eStargz's tools put in for themselves. */
const LANDMARKS = new Set(['.prefetch.landmark', '.no.prefetch.landmark']);

const TYPES: Readonly<Record<string, EntryType>> = {
  reg: 'file',
  dir: 'directory',
  symlink: 'symlink',
  hardlink: 'hardlink',
  char: 'char',
  block: 'block',
  fifo: 'fifo',
};

/** The table of contents of an eStargz or zstd:chunked layer (stargz-snapshotter, docs/estargz.md; containers/storage, pkg/chunked). */
export class Toc {
  readonly #entries: readonly JsonObject[];
  /** Where the part of the blob that holds content ends. */
  readonly #end: number;
  #offsets: Float64Array | undefined;

  private constructor(entries: readonly JsonObject[], end: number) {
    this.#entries = entries;
    this.#end = end;
  }

  /** `undefined` when the text is no table that is understood here. @param end offset in the blob behind the last content */
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

  /** The listing file of the layer (see layerIndex.ts); `undefined` when it would have too many entries. */
  listing(digest: Digest, maxEntries: number): Buffer | undefined {
    const builder = new ListingBuilder();
    for (const [at, entry] of this.#entries.entries()) {
      const type = TYPES[text(entry['type'])];
      const path = text(entry['name']);
      if (!type || LANDMARKS.has(path)) continue;
      if (builder.count >= maxEntries) return undefined;
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

  /** Where the content of an entry lies. @param at the entry's `offset` in the listing */
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

  /** eStargz tells no ends: a stream reaches to the beginning of the next. */
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
