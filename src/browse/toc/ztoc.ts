import { decodeName } from '../../layers/tar/byteName.ts';
import { isDigest, type Digest } from '../../oci/digest.ts';
import type { UnpackLimits } from '../../layers/unpack/layerVisitor.ts';
import type { EntryType } from '../../layers/tar/tarEntry.ts';
import { FlatTable, InvalidFlatBufferError } from './flatBuffer.ts';
import { ListingBuilder } from '../listing/listingBuilder.ts';
import type { ListingEntry } from '../listing/layerEntries.ts';
import { packSpans, type Span } from '../formats/spans.ts';
import { entryTypeOf } from './toc.ts';

/** The files of a layer's listing and of its spans. */
export interface ZtocFiles {
  readonly listing: Buffer;
  readonly spans: Buffer;
}

export interface ZtocOptions {
  /** Of the layer. */
  readonly digest: Digest;
  readonly size: number;
  readonly limits: UnpackLimits;
  /** Whether the image's manifest covers the zTOC by a digest. */
  readonly verified: boolean;
}

/** Field numbers of the schema's tables (soci-snapshotter, ztoc/fbs/ztoc.fbs). */
const ZTOC = { compressedSize: 2, uncompressedSize: 3, toc: 4, compression: 5 };
const COMPRESSION = { algorithm: 0, maxSpanId: 1, spanDigests: 2, checkpoints: 3 };
const FILE = {
  name: 0,
  type: 1,
  offset: 2,
  size: 3,
  linkname: 4,
  mode: 5,
  uid: 6,
  gid: 7,
  modTime: 10,
  devMajor: 11,
  devMinor: 12,
  xattrs: 13,
};
const GZIP = 1;
const BLOCK = 512;
const WINDOW = 32_768;
/** Bytes before the checkpoints, and of each: blob offset, archive offset, bits, window. */
const HEAD = 12;
const CHECKPOINT = 17 + WINDOW;
/** Bytes of a span, which is read as a whole. */
const MAX_SPAN = 64 << 20;
/** A zTOC contradicts itself. */
class InvalidZtocError extends Error {}

/**
 * Converts a layer's zTOC, whose bytes were verified by their digest. Checks what it says as far as
 * that is possible without the layer. Returns `undefined` unless it is the usable zTOC of a gzip
 * layer.
 */
export function readZtoc(bytes: Buffer, options: ZtocOptions): ZtocFiles | undefined {
  try {
    const root = FlatTable.root(bytes);
    if (root.int64(ZTOC.compressedSize) !== options.size) return undefined;
    const compression = root.table(ZTOC.compression);
    if (!compression || compression.byte(COMPRESSION.algorithm, GZIP) !== GZIP) return undefined;
    const archiveSize = root.int64(ZTOC.uncompressedSize);
    if (archiveSize > options.limits.maxBytes) return undefined;
    const entries = entriesOf(root.table(ZTOC.toc), options.limits.maxEntries, bytes.length);
    checkPlaces(entries, archiveSize);
    const spans = spansOf(compression, options.size, archiveSize);
    const builder = new ListingBuilder();
    for (const entry of entries) builder.add(entry);
    const { digest, verified } = options;
    const listing = builder.finish({ digest, kind: 'soci', ...(verified ? {} : { verified }) });
    return { listing, spans: packSpans(spans) };
  } catch (error) {
    if (error instanceof InvalidFlatBufferError || error instanceof InvalidZtocError) return undefined;
    throw error;
  }
}

function entriesOf(toc: FlatTable | undefined, maxEntries: number, length: number): ListingEntry[] {
  const count = toc?.count(0) ?? 0;
  if (!toc || count > maxEntries) throw new InvalidZtocError();
  const entries: ListingEntry[] = [];
  // Tables may share strings, so a short buffer could describe a huge list.
  let room = 4 * length;
  for (let at = 0; at < count; at++) {
    const file = toc.tableAt(0, at);
    const type = entryTypeOf(file.bytes(FILE.type).toString('latin1', 0, 16));
    if (!type) throw new InvalidZtocError();
    const entry = entryOf(file, type, bytes => (room -= bytes));
    if (room < 0) throw new InvalidZtocError();
    entries.push(entry);
  }
  return entries.sort((a, b) => a.offset - b.offset);
}

function entryOf(file: FlatTable, type: EntryType, spend: (bytes: number) => void): ListingEntry {
  const path = file.bytes(FILE.name);
  const linkname = file.bytes(FILE.linkname);
  spend(path.length + linkname.length + 64);
  const size = type === 'file' ? file.int64(FILE.size) : 0;
  const xattrs = xattrsOf(file, spend);
  return {
    path: decodeName(path),
    type,
    size,
    storedSize: size,
    mode: file.int64(FILE.mode) & 0xfff,
    uid: file.uint32(FILE.uid),
    gid: file.uint32(FILE.gid),
    mtime: (Date.parse(file.bytes(FILE.modTime).toString('latin1', 0, 64)) || 0) / 1000,
    linkname: type === 'symlink' || type === 'hardlink' ? decodeName(linkname) : '',
    devMajor: file.int64(FILE.devMajor) >>> 0,
    devMinor: file.int64(FILE.devMinor) >>> 0,
    offset: file.int64(FILE.offset),
    crc: 0,
    ...(xattrs.length > 0 ? { xattrs: Object.fromEntries(xattrs) } : {}),
  };
}

/** The schema's xattrs are all records of the PAX header; only some of them are attributes. */
function xattrsOf(file: FlatTable, spend: (bytes: number) => void): [string, string][] {
  const found: [string, string][] = [];
  for (let at = 0; at < file.count(FILE.xattrs); at++) {
    const record = file.tableAt(FILE.xattrs, at);
    const [key, value] = [record.bytes(0), record.bytes(1)];
    spend(key.length + value.length + 64);
    const name = /^SCHILY\.xattr\.(.+)$/s.exec(decodeName(key))?.[1];
    if (name !== undefined) found.push([name, value.toString('base64')]);
  }
  return found;
}

/**
 * Checks that each content starts on a block, with room for a header before it. Tables that are
 * wrong about this, such as for sparse files, are not used.
 */
function checkPlaces(entries: readonly ListingEntry[], archiveSize: number): void {
  let end = 0;
  for (const { offset, storedSize } of entries) {
    if (storedSize < 0 || offset % BLOCK !== 0 || offset < end + BLOCK) throw new InvalidZtocError();
    end = Math.ceil((offset + storedSize) / BLOCK) * BLOCK;
    if (offset + storedSize > archiveSize) throw new InvalidZtocError();
  }
}

/** Reads the little-endian checkpoints. zTOC version 1 omits the first, which it takes as given. */
function spansOf(compression: FlatTable, size: number, archiveSize: number): Span[] {
  const packed = compression.bytes(COMPRESSION.checkpoints);
  const count = compression.int32(COMPRESSION.maxSpanId) + 1;
  if (count < 1 || compression.count(COMPRESSION.spanDigests) !== count) throw new InvalidZtocError();
  const first = (packed.length - HEAD) / CHECKPOINT === count - 1 ? 1 : 0;
  if (packed.length !== HEAD + (count - first) * CHECKPOINT || packed.readInt32LE() !== count)
    throw new InvalidZtocError();
  const points = Array.from({ length: count }, (_, at) =>
    at < first
      ? { whole: 10, out: 0, bits: 0, window: Buffer.alloc(0) }
      : point(packed, HEAD + (at - first) * CHECKPOINT),
  );
  return points.map(({ whole, out, bits, window }, at): Span => {
    const digest = compression.bytesAt(COMPRESSION.spanDigests, at).toString('latin1', 0, 200);
    const next = points[at + 1] ?? { whole: size, out: archiveSize };
    const start = bits > 0 ? whole - 1 : whole;
    const fits = bits < 8 && start >= 0 && next.whole > start && next.whole <= size && next.out >= out;
    if (!isDigest(digest) || !fits || next.whole - start > MAX_SPAN || (at === 0 && out !== 0))
      throw new InvalidZtocError();
    return { in: whole * 8 - bits, out, end: next.whole, digest, window };
  });
}

function point(packed: Buffer, at: number): { whole: number; out: number; bits: number; window: Buffer } {
  const [whole, out] = [Number(packed.readBigInt64LE(at)), Number(packed.readBigInt64LE(at + 8))];
  if (!Number.isSafeInteger(whole) || !Number.isSafeInteger(out)) throw new InvalidZtocError();
  const window = packed.subarray(at + 17, at + CHECKPOINT);
  // The window cannot start before the archive does.
  return {
    whole,
    out,
    bits: packed[at + 16] ?? 0,
    window: window.subarray(WINDOW - Math.min(WINDOW, Math.max(out, 0))),
  };
}
