/**
 * Results of a run. From `BadBlockType` on, the stream is damaged. deflateDecoder.ts mirrors them.
 */
export const enum Status {
  /** The input is used up, except bytes that need those that follow. */
  NeedInput,
  /** The output has reached its limit and must be taken. */
  OutputFull,
  /** A block that `reportAt` requested is about to start. */
  BlockStart,
  /** The last block has ended, and the input is at the next whole byte. */
  Done,
  /** Internal: continue with the next step. */
  Continue,
  BadBlockType,
  BadStoredLength,
  TooManySymbols,
  BadPrecode,
  BadRepeat,
  NoEndOfBlock,
  BadLitlenCode,
  BadDistanceCode,
  BadSymbol,
  BadDistance,
  TooFarBack,
}

/** The decoder's position within a block. */
export const enum Mode {
  Header,
  Stored,
  Symbols,
}

/** The decoder's state between calls, with fewer than eight bits held between runs. */
export class State {
  /** Unused bits, the next one lowest. Any above the lowest `held` follow in the input. */
  static hold: u64 = 0;
  static held: u32 = 0;
  /** The next byte of input, and its end. */
  static next: usize = 0;
  static end: usize = 0;
  /** Address of the next byte of output. */
  static out: usize = 0;
  /** Address of output at which a run stops. */
  static limit: usize = 0;
  /** Address of the oldest byte that a match may reach. */
  static oldest: usize = 0;
  /** The next block that starts with the output here or later is reported once. */
  static reportAt: usize = usize.MAX_VALUE;
  static mode: Mode = Mode.Header;
  /** True if the current block is the last. */
  static last: bool = false;
  /** Remaining bytes of the stored block. */
  static stored: usize = 0;
  /** True if the tables hold the fixed codes. */
  static fixed: bool = false;
}
