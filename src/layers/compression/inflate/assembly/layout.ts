/** Bits that index the first level of the literal and length table. Longer codes use a second. */
export const LITLEN_BITS: u32 = 11;
/** The same for distances. */
export const DISTANCE_BITS: u32 = 8;
/** The longest code of the precode, which encodes code lengths. One level is enough. */
export const PRECODE_BITS: u32 = 7;

/** How far back a match may reach (RFC 1951, section 2). */
export const WINDOW_SIZE: usize = 32768;
/** Most input at once, including the rest of the previous run. */
export const INPUT_SIZE: usize = 128 * 1024;
/** Output between two slides of the window. */
export const OUTPUT_SIZE: usize = 256 * 1024;

/**
 * The two-level tables, with as many entries as the worst complete code needs (zlib's
 * `enough 288 11 15` and `enough 32 8 15`). tables.ts describes an entry's layout.
 */
export const LITLEN_TABLE: usize = memory.data(4 * 2342, 16);
export const DISTANCE_TABLE: usize = memory.data(4 * 402, 16);
export const PRECODE_TABLE: usize = memory.data(4 * 128, 16);

/** Each symbol's meaning, as a table entry without the length of its code. */
export const LITLEN_MEANINGS: usize = memory.data(4 * 288, 16);
export const DISTANCE_MEANINGS: usize = memory.data(4 * 32, 16);
export const PRECODE_MEANINGS: usize = memory.data(4 * 19, 16);

/** The code length of each symbol, 0 if it is unused: literals and lengths, then distances. */
export const CODE_LENGTHS: usize = memory.data(288 + 32, 16);
export const PRECODE_LENGTHS: usize = memory.data(19, 16);

/** Scratch space for building a table. */
export const LENGTH_COUNTS: usize = memory.data(4 * 16, 16);
export const LENGTH_OFFSETS: usize = memory.data(4 * 16, 16);
export const SORTED_SYMBOLS: usize = memory.data(2 * 288, 16);

/**
 * For each distance below 16: the byte of the period at each of sixteen positions, and how many
 * bytes of whole periods these are.
 */
export const PERIODS: usize = memory.data(16 * 16, 16);
export const PERIOD_STEPS: usize = memory.data(16, 16);

export const INPUT: usize = memory.data(128 * 1024 + 16, 64);
/** Size of an output slot: the window, the output between two slides, and slack. */
export const SLOT_SIZE: usize = WINDOW_SIZE + OUTPUT_SIZE + 512;
/** One output slot, at the end of the memory. A caller with more memory has others after it. */
export const OUTPUT: usize = memory.data(32768 + 256 * 1024 + 512, 64);
