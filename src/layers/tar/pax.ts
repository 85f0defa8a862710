import { decodeName } from './byteName.ts';
import { InvalidLayerError, LimitExceededError } from '../errors.ts';
import type { Segment } from './tarEntry.ts';

/** Most bytes of one extended header or long name, as in Go's archive/tar. */
export const MAX_META = 1 << 20;

/**
 * What extended headers say of an entry (POSIX pax, "pax Extended Header"; the keys SCHILY.xattr, LIBARCHIVE.xattr and GNU.sparse of star, libarchive and GNU tar).
 * Values are bytes: they are decoded when it is known what they mean.
 */
export class PaxRecords {
  readonly #global: PaxRecords | undefined;
  readonly #values = new Map<string, Buffer>();
  readonly #xattrs = new Map<string, Buffer>();
  #sparse: number[] = [];
  #room: number;

  /** `global` is asked for what these do not say; `room` is how many bytes of headers may be added. */
  constructor(room: number, global?: PaxRecords) {
    this.#room = room;
    this.#global = global;
  }

  get xattrs(): ReadonlyMap<string, Buffer> {
    return this.#xattrs;
  }

  /** The map of the sparse formats 0.0 and 0.1, as pairs of offset and length. */
  get sparseNumbers(): readonly number[] {
    return this.#sparse;
  }

  /** Adds the records of a header's body; later ones win, and an empty value takes back. @throws {InvalidLayerError} {@link LimitExceededError} */
  add(body: Buffer): void {
    this.#room -= body.length;
    if (this.#room < 0) throw new LimitExceededError('metadata', MAX_META);
    for (let at = 0; at < body.length;) {
      // Some writers pad the records with NULs.
      if (body[at] === 0) return;
      at = this.#addRecord(body, at);
    }
  }

  has(key: string): boolean {
    return this.find(key) !== undefined;
  }

  /** A name, or `fallback` where there is none. @throws {InvalidLayerError} for one with a NUL in it */
  name(key: string, fallback: string): string {
    const value = this.find(key);
    if (value === undefined) return fallback;
    if (value.includes(0)) throw new InvalidLayerError(`an extended tar header has a NUL in its ${key}`);
    return decodeName(value);
  }

  /** A number, which may have a fraction, or `fallback` where there is none. @throws {InvalidLayerError} */
  number(key: string, fallback: number): number {
    const value = this.find(key);
    return value === undefined ? fallback : decimal(value.toString('latin1'), key);
  }

  /** A record's value, an empty one being none. */
  find(key: string): Buffer | undefined {
    const value = this.#values.get(key) ?? this.#global?.find(key);
    return value === undefined || value.length === 0 ? undefined : value;
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
    // A copy, for the body is in a buffer that is used again.
    this.#set(decodeName(body, blank + 1, equals), Buffer.from(body.subarray(equals + 1, end - 1)));
    return end;
  }

  #set(key: string, value: Buffer): void {
    if (key === 'GNU.sparse.offset' || key === 'GNU.sparse.numbytes') {
      this.#sparse.push(decimal(value.toString('latin1'), key));
    } else if (key === 'GNU.sparse.map') {
      const numbers = value.toString('latin1').split(',');
      this.#sparse = numbers.filter(number => number !== '').map(number => decimal(number, key));
    } else if (key.startsWith('SCHILY.xattr.')) {
      this.#xattrs.set(key.slice('SCHILY.xattr.'.length), value);
    } else if (key.startsWith('LIBARCHIVE.xattr.')) {
      const name = unescapeName(key.slice('LIBARCHIVE.xattr.'.length));
      if (!this.#xattrs.has(name)) this.#xattrs.set(name, Buffer.from(value.toString('latin1'), 'base64'));
    } else this.#values.set(key, value);
  }
}

/** Pairs of offset and length as segments. @throws {InvalidLayerError} when one number has no other */
export function toSegments(numbers: readonly number[]): Segment[] {
  if (numbers.length % 2 !== 0) throw new InvalidLayerError('the map of a sparse file is malformed');
  const segments: Segment[] = [];
  for (let at = 0; at < numbers.length; at += 2) {
    const length = numbers[at + 1] ?? 0;
    if (length !== 0) segments.push({ offset: numbers[at] ?? 0, length });
  }
  return segments;
}

/** A decimal number. @throws {InvalidLayerError} when it is none, or too large to be counted with */
function decimal(text: string, key: string): number {
  const value = /^-?[0-9]+(\.[0-9]*)?$/.test(text) ? Number(text) : NaN;
  if (Math.abs(value) <= Number.MAX_SAFE_INTEGER) return value;
  throw new InvalidLayerError(`an extended tar header has no proper number as its ${key}`);
}

/** libarchive writes names of attributes as in URLs. */
function unescapeName(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
