import { crc32 } from 'node:zlib';
import { InflateError } from './inflateError.ts';

/** Flags of a member's header (RFC 1952, 2.3.1). */
const FHCRC = 2;
const FEXTRA = 4;
const FNAME = 8;
const FCOMMENT = 16;
const RESERVED = 0xe0;

type Field = 'fixed' | 'extraLength' | 'extra' | 'name' | 'comment' | 'crc' | 'done';

/** Reads a gzip member's header (RFC 1952, 2.3) in parts of any size. Keeps only its checksum. */
export class GzipHeader {
  #field: Field = 'fixed';
  #flags = 0;
  #extra = 0;
  #crc = 0;

  /**
   * Reads from `bytes`, which are at `at` in the input. Returns how many were used; unless `done`,
   * the rest must be passed again, followed by more.
   * @throws {InflateError} for a header that zlib refuses too
   */
  read(bytes: Uint8Array, at: number): number {
    let used = 0;
    while (!this.done) {
      const count = this.#readField(bytes.subarray(used), at + used);
      if (count === undefined) break;
      used += count;
    }
    return used;
  }

  /** True once the header has ended. */
  get done(): boolean {
    return this.#field === 'done';
  }

  /** Reads (part of) a field. Returns the bytes used, or `undefined` if more are needed. */
  #readField(bytes: Uint8Array, at: number): number | undefined {
    switch (this.#field) {
      case 'fixed':
        return this.#readFixed(bytes, at);
      case 'extraLength':
        return this.#readExtraLength(bytes);
      case 'extra':
        return this.#readExtra(bytes);
      case 'name':
        return this.#readText(bytes, FCOMMENT);
      case 'comment':
        return this.#readText(bytes, FHCRC);
      default:
        return this.#readCrc(bytes, at);
    }
  }

  #readFixed(bytes: Uint8Array, at: number): number | undefined {
    const [first, second, method, flags] = bytes;
    if (first !== undefined && first !== 0x1f) throw new InflateError('no gzip header', at);
    if (second !== undefined && second !== 0x8b) throw new InflateError('no gzip header', at);
    if (method !== undefined && method !== 8) throw new InflateError('unknown compression method', at);
    if (flags !== undefined && (flags & RESERVED) !== 0) throw new InflateError('unknown header flags set', at);
    if (flags === undefined || bytes.length < 10) return undefined;
    this.#flags = flags;
    this.#goOn(FEXTRA);
    return this.#count(bytes, 10);
  }

  #readExtraLength(bytes: Uint8Array): number | undefined {
    const [low, high] = bytes;
    if (low === undefined || high === undefined) return undefined;
    this.#extra = low | (high << 8);
    this.#field = 'extra';
    return this.#count(bytes, 2);
  }

  #readExtra(bytes: Uint8Array): number | undefined {
    const count = Math.min(this.#extra, bytes.length);
    this.#extra -= count;
    if (this.#extra === 0) this.#goOn(FNAME);
    else if (count === 0) return undefined;
    return this.#count(bytes, count);
  }

  #readText(bytes: Uint8Array, next: number): number | undefined {
    const end = bytes.indexOf(0);
    if (end >= 0) this.#goOn(next);
    else if (bytes.length === 0) return undefined;
    return this.#count(bytes, end < 0 ? bytes.length : end + 1);
  }

  #readCrc(bytes: Uint8Array, at: number): number | undefined {
    const [low, high] = bytes;
    if (low === undefined || high === undefined) return undefined;
    if ((low | (high << 8)) !== (this.#crc & 0xffff)) throw new InflateError('header checksum mismatch', at);
    this.#field = 'done';
    return 2;
  }

  /** Continues with the next field, from `flag` on, that the flags announce. */
  #goOn(flag: number): void {
    const fields: readonly (readonly [number, Field])[] = [
      [FEXTRA, 'extraLength'],
      [FNAME, 'name'],
      [FCOMMENT, 'comment'],
      [FHCRC, 'crc'],
    ];
    const start = fields.findIndex(([mask]) => mask === flag);
    this.#field = fields.slice(start).find(([mask]) => (this.#flags & mask) !== 0)?.[1] ?? 'done';
  }

  #count(bytes: Uint8Array, count: number): number {
    if ((this.#flags & FHCRC) !== 0) this.#crc = crc32(bytes.subarray(0, count), this.#crc);
    return count;
  }
}
