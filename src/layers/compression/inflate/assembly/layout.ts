/** Bits that index the first level of the table for literals and lengths; longer codes go through a second level. */
export const LITLEN_BITS: u32 = 11;
/** The same for distances. */
export const DISTANCE_BITS: u32 = 8;
/** The longest code of the code that code lengths are written in: one level is enough. */
export const PRECODE_BITS: u32 = 7;

/** How far back a match may reach (RFC 1951, section 2). */
export const WINDOW_SIZE: usize = 32768;
/** Input that the caller may lay in at once, with what the run before left over. */
export const INPUT_SIZE: usize = 128 * 1024;
/** Output between two slides of the window. */
export const OUTPUT_SIZE: usize = 256 * 1024;

/**
 * Entries of the two-level tables, as many as the worst complete code needs (zlib's `enough 288 11 15` and `enough 32 8 15`).
 * The layout of an entry is told in tables.ts.
 */
export const LITLEN_TABLE: usize = memory.data(4 * 2342, 16);
export const DISTANCE_TABLE: usize = memory.data(4 * 402, 16);
export const PRECODE_TABLE: usize = memory.data(4 * 128, 16);

/** What each symbol means, in the form of an entry that lacks the length of its code. */
export const LITLEN_MEANINGS: usize = memory.data(4 * 288, 16);
export const DISTANCE_MEANINGS: usize = memory.data(4 * 32, 16);
export const PRECODE_MEANINGS: usize = memory.data(4 * 19, 16);

/** One byte a symbol: the length of its code, 0 for a symbol that is not used; literals and lengths, then distances. */
export const CODE_LENGTHS: usize = memory.data(288 + 32, 16);
export const PRECODE_LENGTHS: usize = memory.data(19, 16);

/** Scratch space of a table's making. */
export const LENGTH_COUNTS: usize = memory.data(4 * 16, 16);
export const LENGTH_OFFSETS: usize = memory.data(4 * 16, 16);
export const SORTED_SYMBOLS: usize = memory.data(2 * 288, 16);

/** For each distance below 16: which byte of the period stands at each of sixteen places, and how many whole periods' bytes these are. */
export const PERIODS: usize = memory.data(16 * 16, 16);
export const PERIOD_STEPS: usize = memory.data(16, 16);

export const INPUT: usize = memory.data(128 * 1024 + 16, 64);
/** What a place for output takes: the window, what is put out between two slides, and slack for what is written beyond. */
export const PLACE_SIZE: usize = WINDOW_SIZE + OUTPUT_SIZE + 512;
/** One place. Nothing lies behind it: a caller with more memory has others there. */
export const OUTPUT: usize = memory.data(32768 + 256 * 1024 + 512, 64);
