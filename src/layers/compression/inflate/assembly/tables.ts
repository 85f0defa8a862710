import { LENGTH_COUNTS, LENGTH_OFFSETS, SORTED_SYMBOLS } from './layout';

/*
 * An entry of a table, 32 bits:
 *   literal    LITERAL | byte << 16 | n << 8 | n
 *   length or  base << 16 | n << 8 | n + extra      n: bits of its code at this level
 *   distance
 *   precode    symbol << 16 | n << 8 | n
 *   pointer    start of the second level << 16 | SPECIAL | POINTER | its bits << 8
 *              | bits of the first level
 *   end        SPECIAL | END | n << 8 | n
 *   refused    SPECIAL | n << 8 | n
 * So the low byte is the number of bits to take, and since shifts count modulo 64, the whole entry
 * serves as the count of a shift.
 */
export const LITERAL: u32 = 0x80000000;
export const SPECIAL: u32 = 0x8000;
export const POINTER: u32 = 0x4000;
export const END: u32 = 0x2000;

/** A one-bit code without a symbol, as zlib defines it for the incomplete codes that it accepts. */
const REFUSED: u32 = SPECIAL | 0x101;

/** Returns the next code of the same length, bit-reversed, so the carry runs from the top down. */
function nextCode(code: u32, allOnes: u32): u32 {
  const bit: u32 = 1 << (31 - clz(code ^ allOnes));
  return (code & (bit - 1)) | bit;
}

/** Counts the lengths and sorts the symbols by their codes. Returns the longest length. */
function sortSymbols(lengths: usize, count: u32): u32 {
  memory.fill(LENGTH_COUNTS, 0, 4 * 16);
  for (let symbol: u32 = 0; symbol < count; symbol++) {
    const at = LENGTH_COUNTS + ((<usize>load<u8>(lengths + symbol)) << 2);
    store<u32>(at, load<u32>(at) + 1);
  }
  let longest: u32 = 15;
  while (longest > 0 && load<u32>(LENGTH_COUNTS + (longest << 2)) == 0) longest--;
  store<u32>(LENGTH_COUNTS, 0);
  let offset: u32 = 0;
  for (let length: u32 = 1; length <= 15; length++) {
    store<u32>(LENGTH_OFFSETS + (length << 2), offset);
    offset += load<u32>(LENGTH_COUNTS + (length << 2));
  }
  for (let symbol: u32 = 0; symbol < count; symbol++) {
    const length = <usize>load<u8>(lengths + symbol);
    if (length == 0) continue;
    const at = LENGTH_OFFSETS + (length << 2);
    const place = load<u32>(at);
    store<u16>(SORTED_SYMBOLS + (place << 1), <u16>symbol);
    store<u32>(at, place + 1);
  }
  return longest;
}

/** Returns the unused codes of the longest length: 0 if complete, negative if too many. */
function codesLeft(longest: u32): i32 {
  let left: i32 = 1;
  for (let length: u32 = 1; length <= longest; length++) {
    left = (left << 1) - load<i32>(LENGTH_COUNTS + (length << 2));
    if (left < 0) return left;
  }
  return left;
}

/**
 * Fills a table for the incomplete codes that zlib accepts: no symbol at all, or one whose code is
 * a single 0.
 */
function fillIncomplete(table: usize, bits: u32, entry: u32): void {
  for (let i: u32 = 0; i < 1 << bits; i += 2) {
    store<u32>(table + (i << 2), entry);
    store<u32>(table + (i << 2) + 4, REFUSED);
  }
}

/** Doubles the table, with a second half like the first. Returns its size. */
function double(table: usize, size: u32): u32 {
  memory.copy(table + (size << 2), table, size << 2);
  return size << 1;
}

/**
 * Writes the second levels, for the codes longer than `bits`, in order from `code`. `length` is the
 * first one's length, and `sorted` the address of its symbol.
 */
function fillSecondLevel(table: usize, bits: u32, meanings: usize, sorted: usize, code: u32, length: u32): void {
  const mask: u32 = (1 << bits) - 1;
  let left = load<u32>(LENGTH_COUNTS + (length << 2));
  let size: u32 = 1 << bits;
  let prefix: u32 = u32.MAX_VALUE;
  let start: u32 = 0;
  for (;;) {
    if ((code & mask) != prefix) {
      prefix = code & mask;
      start = size;
      let more = length - bits;
      let space: u32 = left;
      while (space < 1 << more) {
        more++;
        space = (space << 1) + load<u32>(LENGTH_COUNTS + ((bits + more) << 2));
      }
      size = start + (1 << more);
      store<u32>(table + (prefix << 2), (start << 16) | SPECIAL | POINTER | (more << 8) | bits);
    }
    const rest = length - bits;
    const entry = load<u32>(meanings + ((<usize>load<u16>(sorted)) << 2)) + (rest << 8) + rest;
    sorted += 2;
    for (let i = start + (code >> bits); i < size; i += 1 << rest) store<u32>(table + (i << 2), entry);
    if (code == (1 << length) - 1) return;
    code = nextCode(code, (1 << length) - 1);
    left--;
    while (left == 0) left = load<u32>(LENGTH_COUNTS + (++length << 2));
  }
}

/**
 * Builds a decoding table of a canonical Huffman code (RFC 1951, 3.2.2). The first level grows by
 * doubling: twice a table for codes of n bits is one for n + 1 bits that lacks only the codes of
 * that length. Returns false for a code that zlib refuses: too many codes, or too few unless
 * `mayLack` and there is none, or a single one of one bit.
 */
export function buildTable(table: usize, bits: u32, lengths: usize, count: u32, meanings: usize, mayLack: bool): bool {
  const longest = sortSymbols(lengths, count);
  const left = codesLeft(longest);
  let sorted = SORTED_SYMBOLS;
  if (left != 0) {
    if (left < 0 || !mayLack || longest > 1) return false;
    const only = longest == 0 ? REFUSED : load<u32>(meanings + ((<usize>load<u16>(sorted)) << 2)) + 0x101;
    fillIncomplete(table, bits, only);
    return true;
  }
  let length: u32 = 1;
  let size: u32 = 2;
  let code: u32 = 0;
  for (;;) {
    const entryBits = (length << 8) + length;
    for (let n = load<u32>(LENGTH_COUNTS + (length << 2)); n > 0; n--) {
      store<u32>(table + (code << 2), load<u32>(meanings + ((<usize>load<u16>(sorted)) << 2)) + entryBits);
      sorted += 2;
      if (code == size - 1) {
        while (length++ < bits) size = double(table, size);
        return true;
      }
      code = nextCode(code, size - 1);
    }
    if (++length > bits) break;
    size = double(table, size);
  }
  while (load<u32>(LENGTH_COUNTS + (length << 2)) == 0) length++;
  fillSecondLevel(table, bits, meanings, sorted, code, length);
  return true;
}
