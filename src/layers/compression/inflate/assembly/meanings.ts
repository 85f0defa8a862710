import {
  CODE_LENGTHS,
  DISTANCE_MEANINGS,
  LITLEN_MEANINGS,
  PERIODS,
  PERIOD_STEPS,
  PRECODE_LENGTHS,
  PRECODE_MEANINGS,
} from './layout';
import { END, LITERAL, SPECIAL } from './tables';

/** Writes lengths or distances (RFC 1951, 3.2.5). Bases follow from the extra bits before. */
function writeRange(at: usize, first: u32, count: u32, base: u32, perExtra: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const extra: u32 = i < 2 * perExtra ? 0 : i / perExtra - 1;
    store<u32>(at + ((first + i) << 2), (base << 16) | extra);
    base += 1 << extra;
  }
}

/** Writes the constant tables, once per instance of the module. */
export function writeMeanings(): void {
  for (let i: u32 = 0; i < 256; i++) store<u32>(LITLEN_MEANINGS + (i << 2), LITERAL | (i << 16));
  store<u32>(LITLEN_MEANINGS + (256 << 2), SPECIAL | END);
  writeRange(LITLEN_MEANINGS, 257, 28, 3, 4);
  store<u32>(LITLEN_MEANINGS + (285 << 2), 258 << 16);
  store<u32>(LITLEN_MEANINGS + (286 << 2), SPECIAL);
  store<u32>(LITLEN_MEANINGS + (287 << 2), SPECIAL);
  writeRange(DISTANCE_MEANINGS, 0, 30, 1, 2);
  store<u32>(DISTANCE_MEANINGS + (30 << 2), SPECIAL);
  store<u32>(DISTANCE_MEANINGS + (31 << 2), SPECIAL);
  for (let i: u32 = 0; i < 19; i++) store<u32>(PRECODE_MEANINGS + (i << 2), i << 16);
  for (let distance: u32 = 1; distance < 16; distance++) {
    for (let i: u32 = 0; i < 16; i++) store<u8>(PERIODS + (distance << 4) + i, <u8>(i % distance));
    store<u8>(PERIOD_STEPS + distance, <u8>(16 - (16 % distance)));
  }
}

/** Returns the address of the i-th precode length in the order of a header (RFC 1951, 3.2.7). */
export function precodeLengthAt(i: u32): usize {
  // 16 17 18 0, then 8 7 9 6 10 5 …: outwards from 8, below and above in turn.
  if (i < 3) return PRECODE_LENGTHS + 16 + i;
  if (i == 3) return PRECODE_LENGTHS;
  const step = (i - 3) >> 1;
  return PRECODE_LENGTHS + ((i & 1) == 0 ? 8 + step : 8 - step);
}

/** Writes the fixed codes' lengths (RFC 1951, 3.2.6): 288 literals and lengths, 32 distances. */
export function writeFixedLengths(): void {
  memory.fill(CODE_LENGTHS, 8, 144);
  memory.fill(CODE_LENGTHS + 144, 9, 112);
  memory.fill(CODE_LENGTHS + 256, 7, 24);
  memory.fill(CODE_LENGTHS + 280, 8, 8);
  memory.fill(CODE_LENGTHS + 288, 5, 32);
}
