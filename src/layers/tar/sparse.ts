import { InvalidLayerError, LimitExceededError } from '../errors.ts';
import { toSegments } from './pax.ts';
import type { Segment } from './tarEntry.ts';
import { BLOCK, numeric } from './tarHeader.ts';

/** Real files have fewer segments. */
const MAX_SEGMENTS = 1 << 18;

/**
 * The map of GNU tar's old sparse format: four segments in the header, then blocks of 21 each (GNU
 * tar manual, "Extended Headers" and "Old GNU Format").
 */
export class OldSparseMap {
  readonly #numbers: number[] = [];
  /** Bytes of the file including its holes. */
  readonly realSize: number;
  #more: boolean;

  constructor(header: Buffer) {
    this.realSize = numeric(header, 483, 12);
    this.#read(header, 386, 4);
    this.#more = header[482] !== 0 && header[482] !== 0x30;
  }

  /** True if another block of the map follows. */
  get more(): boolean {
    return this.#more;
  }

  addBlock(block: Buffer): void {
    this.#read(block, 0, 21);
    this.#more = block[504] !== 0 && block[504] !== 0x30;
  }

  segments(): Segment[] {
    return toSegments(this.#numbers);
  }

  #read(block: Buffer, start: number, count: number): void {
    for (let at = start; at < start + count * 24 && block[at] !== 0; at += 24) {
      this.#numbers.push(numeric(block, at, 12), numeric(block, at + 12, 12));
    }
    if (this.#numbers.length > 2 * MAX_SEGMENTS) throw new LimitExceededError('metadata', MAX_SEGMENTS * 24);
  }
}

/**
 * The map of PAX sparse format 1.0: decimal numbers in lines before the data, padded to whole
 * blocks (GNU tar manual, "PAX Format, Version 1.0").
 */
export class PaxSparseMap {
  readonly #numbers: number[] = [];
  #expected = -1;
  #value = 0;
  #digits = 0;

  get done(): boolean {
    return this.#expected >= 0 && this.#numbers.length === this.#expected;
  }

  addBlock(block: Buffer): void {
    for (let at = 0; at < BLOCK && !this.done; at++) {
      const byte = block[at] ?? 0;
      if (byte === 0x0a && this.#digits > 0) this.#endNumber();
      else if (byte >= 0x30 && byte <= 0x39 && this.#digits < 16) {
        this.#value = this.#value * 10 + byte - 0x30;
        this.#digits += 1;
      } else throw new InvalidLayerError('the map of a sparse file is malformed');
    }
  }

  segments(): Segment[] {
    return toSegments(this.#numbers);
  }

  #endNumber(): void {
    if (!Number.isSafeInteger(this.#value)) throw new InvalidLayerError('the map of a sparse file is malformed');
    if (this.#expected < 0) {
      this.#expected = this.#value * 2;
      if (this.#value > MAX_SEGMENTS) throw new LimitExceededError('metadata', MAX_SEGMENTS * 24);
    } else this.#numbers.push(this.#value);
    this.#value = 0;
    this.#digits = 0;
  }
}

/** Checks that a map is in order, without overlaps, within the file, and fits the stored data. */
export function checkSegments(segments: readonly Segment[], realSize: number, storedSize: number): void {
  let end = 0;
  let stored = 0;
  for (const { offset, length } of segments) {
    if (!isCount(offset) || !isCount(length) || offset < end) {
      throw new InvalidLayerError('the map of a sparse file is not in order');
    }
    end = offset + length;
    stored += length;
  }
  if (!isCount(realSize) || end > realSize || stored !== storedSize) {
    throw new InvalidLayerError('the map of a sparse file does not fit its size');
  }
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
