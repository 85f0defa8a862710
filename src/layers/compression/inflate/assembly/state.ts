/** What a run ends with; from `BadBlockType` on the stream is damaged. `InflateMachine` mirrors it. */
export const enum Status {
  /** The input is used up, but for some bytes that mean nothing without those that follow. */
  NeedInput,
  /** The output has reached its limit and must be taken away. */
  OutputFull,
  /** A block is about to start, and `reportAt` asked for it. */
  BlockStart,
  /** The last block has ended; the input stands at the next whole byte. */
  Done,
  /** Not for the caller: go on with the next step. */
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

/** Where in a stream the decoder stands. */
export const enum Mode {
  Header,
  Stored,
  Symbols,
}

/** The decoder's state between two calls. Between runs fewer than eight bits are held: whole bytes go back to the input. */
export class State {
  /** Bits taken from the input and not used yet, the next one lowest. Above `held` bits lie only bits that truly come next. */
  static hold: u64 = 0;
  static held: u32 = 0;
  /** The next byte of input, and its end. */
  static next: usize = 0;
  static end: usize = 0;
  /** Where the next byte of output goes. */
  static out: usize = 0;
  /** A run stops when the output has come this far. */
  static limit: usize = 0;
  /** The oldest byte of output that a match may reach. */
  static oldest: usize = 0;
  /** A block that starts with the output here or farther is reported, once. */
  static reportAt: usize = usize.MAX_VALUE;
  static mode: Mode = Mode.Header;
  /** The block that is open is the stream's last. */
  static last: bool = false;
  /** Bytes that the stored block still has. */
  static stored: usize = 0;
  /** The tables hold the fixed codes already. */
  static fixed: bool = false;
}
