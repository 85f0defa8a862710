import { decodeName } from './byteName.ts';
import { InvalidLayerError } from '../errors.ts';
import type { Segment } from './tarEntry.ts';
import { clamp } from './tarHeader.ts';

/**
 * The records of an extended header (POSIX pax, "pax Extended Header"; the keys SCHILY.xattr,
 * LIBARCHIVE.xattr and GNU.sparse of star, libarchive and GNU tar). Values stay bytes until their
 * meaning is known.
 */
export class PaxRecords {
  readonly #values = new Map<string, Buffer>();
  readonly #xattrs = new Map<string, Buffer>();
  #sparse: number[] = [];

  /** Parses a header's body. @throws {InvalidLayerError} */
  constructor(body: Buffer = Buffer.alloc(0)) {
    // Some writers pad the records with NULs.
    for (let at = 0; at < body.length && body[at] !== 0;) at = this.#addRecord(body, at);
  }

  get xattrs(): ReadonlyMap<string, Buffer> {
    return this.#xattrs;
  }

  /** The map of the sparse formats 0.0 and 0.1, as pairs of offset and length. */
  get sparseNumbers(): readonly number[] {
    return this.#sparse;
  }

  has(key: string): boolean {
    return this.#find(key) !== undefined;
  }

  /** Returns a name, or `fallback` without such a record. @throws {InvalidLayerError} */
  name(key: string, fallback: string): string {
    const value = this.#find(key);
    if (value === undefined) return fallback;
    if (value.includes(0)) throw new InvalidLayerError(`an extended tar header has a NUL in its ${key}`);
    return decodeName(value);
  }

  /** Returns a number, or `fallback` without such a record. @throws {InvalidLayerError} */
  number(key: string, fallback: number): number {
    const value = this.#find(key);
    return value === undefined ? fallback : decimal(value.toString('latin1'), key);
  }

  /**
   * Returns a number, clamped to what can be counted with, or `fallback`. @throws
   * {InvalidLayerError}
   */
  clamped(key: string, fallback: number): number {
    const value = this.#find(key);
    return value === undefined ? fallback : clamp(parseDecimal(value.toString('latin1'), key));
  }

  /** An empty value counts as none. */
  #find(key: string): Buffer | undefined {
    const value = this.#values.get(key);
    return value?.length === 0 ? undefined : value;
  }

  #addRecord(body: Buffer, start: number): number {
    const blank = body.indexOf(0x20, start);
    const length = blank < 0 || blank - start > 9 ? '' : body.toString('latin1', start, blank);
    const end = /^[0-9]+$/.test(length) ? start + Number(length) : -1;
    const equals = body.indexOf(0x3d, blank);
    if (
      end <= blank + 1 ||
      end > body.length ||
      body[end - 1] !== 0x0a ||
      equals < 0 ||
      equals >= end ||
      equals === blank + 1
    ) {
      throw new InvalidLayerError('an extended tar header is malformed');
    }
    this.#set(decodeName(body, blank + 1, equals), body.subarray(equals + 1, end - 1));
    return end;
  }

  #set(key: string, value: Buffer): void {
    if (key === 'GNU.sparse.offset' || key === 'GNU.sparse.numbytes') {
      this.#sparse.push(decimal(value.toString('latin1'), key));
    } else if (key === 'GNU.sparse.map') {
      const numbers = value.toString('latin1').split(',');
      this.#sparse = numbers.filter(number => number !== '').map(number => decimal(number, key));
    } else if (key.startsWith('SCHILY.xattr.')) {
      // A copy, so that a small value does not keep the whole body in memory.
      this.#xattrs.set(key.slice('SCHILY.xattr.'.length), Buffer.from(value));
    } else if (key.startsWith('LIBARCHIVE.xattr.')) {
      const name = unescapeName(key.slice('LIBARCHIVE.xattr.'.length));
      if (!this.#xattrs.has(name)) this.#xattrs.set(name, Buffer.from(value.toString('latin1'), 'base64'));
    } else this.#values.set(key, value);
  }
}

/** Turns pairs of offset and length into segments. @throws {InvalidLayerError} */
export function toSegments(numbers: readonly number[]): Segment[] {
  if (numbers.length % 2 !== 0) throw new InvalidLayerError('the map of a sparse file is malformed');
  const segments: Segment[] = [];
  for (let at = 0; at < numbers.length; at += 2) {
    const length = numbers[at + 1] ?? 0;
    if (length !== 0) segments.push({ offset: numbers[at] ?? 0, length });
  }
  return segments;
}

function decimal(text: string, key: string): number {
  const value = parseDecimal(text, key);
  if (value === clamp(value)) return value;
  throw new InvalidLayerError(`an extended tar header has too large a number as its ${key}`);
}

/** Accepts a sign, like Go's archive/tar, and a fraction. */
function parseDecimal(text: string, key: string): number {
  if (/^[+-]?[0-9]+(\.[0-9]*)?$/.test(text)) return Number(text);
  throw new InvalidLayerError(`an extended tar header has no proper number as its ${key}`);
}

/** libarchive escapes attribute names as in URLs. */
function unescapeName(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
