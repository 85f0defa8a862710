import type { Sink } from '../../oci/byteSource.ts';
import { EntryBuilder } from './entryBuilder.ts';
import { InvalidLayerError, LimitExceededError, quoted, TruncatedLayerError } from '../errors.ts';
import { kindOfFile, notTar } from './notTar.ts';
import { toSegments } from './pax.ts';
import { checkSegments, OldSparseMap, PaxSparseMap } from './sparse.ts';
import type { Segment, TarVisitor } from './tarEntry.ts';
import { BLOCK, decodeHeader, hasRightChecksum, paddingOf, type RawHeader } from './tarHeader.ts';
import { Warnings } from '../warnings.ts';

/** Most bytes of an extended header or a long name, as in Go's archive/tar. */
const MAX_META = 1 << 20;

/** The kind of the archive's next bytes. */
type State = 'header' | 'zero' | 'meta' | 'oldMap' | 'paxMap' | 'data' | 'padding' | 'end';

/** How an archive ended. */
export interface TarEnd {
  /** True if the empty blocks that mark the end were there. */
  readonly marked: boolean;
  readonly warnings: readonly string[];
}

/**
 * Reads a tar archive in chunks of any size and passes its entries to a visitor: v7, ustar, pax,
 * GNU and star, with long names, xattrs and all of GNU tar's sparse formats. Accepts and ignores
 * everything after the end mark.
 * @throws {InvalidLayerError} {@link TruncatedLayerError} {@link LimitExceededError}, and what the
 * visitor throws
 */
export class TarReader implements Sink {
  readonly #visitor: TarVisitor;
  readonly #builder = new EntryBuilder();
  readonly #warnings = new Warnings();
  #state: State = 'header';
  #position = 0;
  /** A block that a chunk contains only the first part of. */
  readonly #held = Buffer.allocUnsafe(BLOCK);
  #heldLength = 0;
  /** The header whose body is being read. */
  #raw: RawHeader | undefined;
  /** Bytes of body or padding still to come, and of padding after the body. */
  #left = 0;
  #padding = 0;
  #meta: Buffer[] = [];
  #oldMap: OldSparseMap | undefined;
  #paxMap: PaxSparseMap | undefined;
  /** Segments of a sparse file; `#segment` is the index of the current one. */
  #segments: readonly Segment[] | undefined;
  #segment = 0;
  #segmentUsed = 0;
  /** Offset of the next data in its file. */
  #offset = 0;
  #skipping = false;

  constructor(visitor: TarVisitor) {
    this.#visitor = visitor;
  }

  /** Bytes used so far. In the visitor's `entry`, the position of the entry's stored content. */
  get position(): number {
    return this.#position;
  }

  /** True once the end mark was read. */
  get ended(): boolean {
    return this.#state === 'end';
  }

  /** Bytes of content and padding before the next header, which a caller may `skip`. */
  get ahead(): number {
    if (this.#state === 'data') return this.#left + this.#padding;
    return this.#state === 'padding' ? this.#left : 0;
  }

  /** Continues at the next header, without the bytes that are `ahead` or their `data`. */
  skip(): void {
    for (let part = this.#left; this.ahead > 0; part = this.#left) {
      this.#position += part;
      this.#use(part);
    }
  }

  write(chunk: Uint8Array): void {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    const base = this.#position;
    for (let at = 0; at < bytes.length; this.#position = base + at) {
      if (this.#state === 'end') at = bytes.length;
      else if (this.#state === 'meta' || this.#state === 'data' || this.#state === 'padding')
        at = this.#takeBody(bytes, at);
      else at = this.#takeBlock(bytes, at, base);
    }
  }

  /** @throws {TruncatedLayerError} {@link InvalidLayerError} if it is not an archive */
  end(): TarEnd {
    const complete =
      this.#state === 'end' ||
      this.#state === 'zero' ||
      this.#state === 'padding' ||
      (this.#state === 'header' && !this.#builder.pending);
    if (this.#heldLength > 0 && this.#position < BLOCK) throw this.#tooShort();
    if (!complete || this.#heldLength > 0) throw new TruncatedLayerError(this.#within());
    return { marked: this.#state === 'end' || this.#state === 'zero', warnings: this.#warnings.list() };
  }

  /** Less than one block may be another kind of file. */
  #tooShort(): Error {
    const kind = kindOfFile(this.#held.subarray(0, this.#heldLength));
    return kind === undefined ? new TruncatedLayerError(this.#within()) : notTar(kind);
  }

  #within(): string {
    return this.#state === 'data' && this.#raw ? `the file ${quoted(this.#raw.name)}` : 'the header of an entry';
  }

  #takeBlock(bytes: Buffer, at: number, base: number): number {
    if (this.#heldLength === 0 && bytes.length - at >= BLOCK) {
      this.#position = base + at + BLOCK;
      this.#useBlock(bytes.subarray(at, at + BLOCK));
      return at + BLOCK;
    }
    const count = Math.min(BLOCK - this.#heldLength, bytes.length - at);
    bytes.copy(this.#held, this.#heldLength, at, at + count);
    this.#heldLength += count;
    if (this.#heldLength === BLOCK) {
      this.#heldLength = 0;
      this.#position = base + at + count;
      this.#useBlock(this.#held);
    }
    return at + count;
  }

  #useBlock(block: Buffer): void {
    if (this.#state === 'oldMap' || this.#state === 'paxMap') this.#addToMap(block);
    else if (block[0] === 0 && isZero(block)) this.#state = this.#state === 'zero' ? 'end' : 'zero';
    else if (this.#state === 'zero') throw new InvalidLayerError('a lone empty block stands between its tar entries');
    else this.#startEntry(block);
  }

  #startEntry(block: Buffer): void {
    if (!hasRightChecksum(block)) {
      if (this.#position === BLOCK) throw notTar(kindOfFile(block));
      throw new InvalidLayerError('a tar header has a wrong checksum');
    }
    const raw = decodeHeader(block);
    this.#raw = raw;
    if ('xXgLK'.includes(raw.flag)) {
      if (raw.size < 0) throw new InvalidLayerError('an entry has an impossible size');
      if (raw.size > MAX_META) throw new LimitExceededError('metadata', MAX_META);
      this.#meta = [];
      this.#expectBody('meta', raw.size);
      return;
    }
    this.#left = this.#builder.bodySize(raw);
    this.#padding = paddingOf(this.#left);
    const { records } = this.#builder;
    if (raw.flag === 'S') {
      this.#oldMap = new OldSparseMap(block);
      if (this.#oldMap.more) this.#state = 'oldMap';
      else this.#endOldMap(this.#oldMap);
    } else if (records.number('GNU.sparse.major', 0) === 1 && this.#left > 0) {
      this.#paxMap = new PaxSparseMap();
      this.#state = 'paxMap';
    } else if (records.sparseNumbers.length > 0 || records.has('GNU.sparse.size')) {
      this.#startData(toSegments(records.sparseNumbers), records.number('GNU.sparse.size', this.#left));
    } else this.#startData(undefined, this.#left);
  }

  #addToMap(block: Buffer): void {
    if (this.#oldMap) {
      this.#oldMap.addBlock(block);
      if (!this.#oldMap.more) this.#endOldMap(this.#oldMap);
      return;
    }
    this.#left -= BLOCK;
    if (this.#left < 0 || !this.#paxMap)
      throw new InvalidLayerError('the map of a sparse file is longer than the file');
    this.#paxMap.addBlock(block);
    if (!this.#paxMap.done) return;
    const { records } = this.#builder;
    const size = records.number('GNU.sparse.realsize', records.number('GNU.sparse.size', this.#left));
    this.#startData(this.#paxMap.segments(), size);
  }

  #endOldMap(map: OldSparseMap): void {
    this.#startData(map.segments(), map.realSize);
  }

  #startData(segments: readonly Segment[] | undefined, realSize: number): void {
    const raw = this.#raw;
    if (!raw) return;
    this.#oldMap = undefined;
    this.#paxMap = undefined;
    if (segments) checkSegments(segments, realSize, this.#left);
    this.#segments = segments;
    this.#segment = 0;
    this.#segmentUsed = 0;
    this.#offset = 0;
    const entry = this.#builder.build(raw, this.#left, segments && { realSize, segments });
    this.#skipping = entry === undefined || (entry.type !== 'file' && this.#left > 0);
    if (entry) this.#visitor.entry(entry);
    else this.#warnings.add(`${quoted(raw.name)} was left out: its type ${quoted(raw.flag)} is not a file system's`);
    if (entry && this.#skipping) this.#visitor.endEntry();
    this.#expectBody('data', this.#left, this.#padding);
  }

  #expectBody(state: 'meta' | 'data', length: number, padding = paddingOf(length)): void {
    this.#state = state;
    this.#left = length;
    this.#padding = padding;
    if (length === 0) this.#endBody();
  }

  #takeBody(bytes: Buffer, at: number): number {
    const count = Math.min(this.#left, bytes.length - at);
    const end = at + count;
    if (this.#state === 'meta') this.#meta.push(Buffer.from(bytes.subarray(at, end)));
    else if (this.#state === 'data' && !this.#skipping) this.#deliver(bytes, at, end);
    this.#use(count);
    return end;
  }

  #use(count: number): void {
    this.#left -= count;
    if (this.#left > 0) return;
    if (this.#state === 'padding') this.#state = 'header';
    else this.#endBody();
  }

  #endBody(): void {
    if (this.#state === 'meta' && this.#raw) {
      this.#builder.addMeta(this.#raw.flag, Buffer.concat(this.#meta));
      this.#meta = [];
    } else if (!this.#skipping) this.#visitor.endEntry();
    this.#left = this.#padding;
    this.#state = this.#left > 0 ? 'padding' : 'header';
  }

  /** Passes data on, each segment of a sparse file with its own offset. */
  #deliver(bytes: Buffer, start: number, end: number): void {
    if (!this.#segments) {
      this.#visitor.data(bytes.subarray(start, end), this.#offset);
      this.#offset += end - start;
      return;
    }
    for (let at = start; at < end;) {
      const segment = this.#segments[this.#segment];
      if (!segment) throw new InvalidLayerError('the map of a sparse file does not fit its size');
      const count = Math.min(segment.length - this.#segmentUsed, end - at);
      this.#visitor.data(bytes.subarray(at, at + count), segment.offset + this.#segmentUsed);
      at += count;
      this.#segmentUsed += count;
      if (this.#segmentUsed < segment.length) continue;
      this.#segment += 1;
      this.#segmentUsed = 0;
    }
  }
}

function isZero(block: Buffer): boolean {
  for (let at = 0; at < BLOCK; at++) if (block[at] !== 0) return false;
  return true;
}
