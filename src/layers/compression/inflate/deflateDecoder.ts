import type { Sink } from '../../../oci/byteSource.ts';
import type { InflateInstance } from './engine.ts';
import { InflateError } from './inflateError.ts';

/** How far back a match may reach (RFC 1951, section 2). */
const WINDOW_SIZE = 32768;

/** Results of `run`: `Status` of assembly/state.ts. */
const NEED_INPUT = 0;
const OUTPUT_FULL = 1;
const BLOCK_START = 2;
const DONE = 3;
const FIRST_ERROR = 5;
const PROBLEMS = [
  'invalid block type',
  'invalid stored block lengths',
  'too many length or distance symbols',
  'invalid code lengths set',
  'invalid bit length repeat',
  'missing end-of-block code',
  'invalid literal/lengths set',
  'invalid distances set',
  'invalid literal/length code',
  'invalid distance code',
  'invalid distance too far back',
];

/** A position between two deflate blocks at which decoding can start. */
export interface BlockPoint {
  /** BITS of input before the block. */
  readonly in: number;
  /** Bytes of output before the block. */
  readonly out: number;
  /** The last bytes of output, at most 32 KiB, which the block may refer to. */
  readonly window: Uint8Array;
}

/** A request to report block starts. */
export interface BlockReport {
  /** Least bytes of output between two reports; 0 reports every block but the first. */
  readonly every: number;
  /** Called when the sink has exactly `point.out` bytes. The window is valid during the call. */
  onBlock(point: BlockPoint): void;
}

/** Output slots, for a caller that keeps output in the instance's memory for a while. */
export interface OutputSlots {
  /** Returns the next slot's address. The instance defines its size and the window before it. */
  next(): number;
}

/** Drives a WebAssembly inflate: copies input in, passes output on, and counts both. */
export class DeflateDecoder {
  readonly #code: InflateInstance['code'];
  readonly #memory: Uint8Array;
  readonly #sink: Sink;
  readonly #report: BlockReport | undefined;
  readonly #input: number;
  readonly #slots: OutputSlots;
  /** Addresses of the unused input and of the output that was not passed on. */
  #next: number;
  #end: number;
  #flushed: number;
  /** Stream positions of the first byte of the input area and of the memory. */
  #inBase: number;
  #outBase: number;
  #nextReport: number;
  /** Low bits of the next input byte that belong to the block before. */
  #skipBits: number;

  /**
   * Decodes from the start, or from `from`, with input that begins with the byte of bit `from.in`.
   * Without `slots`, reuses one slot.
   */
  constructor(
    { code, memory }: InflateInstance,
    sink: Sink,
    report?: BlockReport,
    from?: BlockPoint,
    slots?: OutputSlots,
  ) {
    this.#code = code;
    this.#memory = new Uint8Array(memory);
    this.#sink = sink;
    this.#report = report;
    this.#input = this.#next = this.#end = code.input();
    this.#slots = slots ?? { next: () => code.output() };
    const window = from?.window.subarray(-WINDOW_SIZE) ?? new Uint8Array(0);
    this.#flushed = this.#slots.next();
    this.#memory.set(window, this.#flushed - window.length);
    code.reset(this.#flushed, window.length);
    this.#inBase = Math.floor((from?.in ?? 0) / 8);
    this.#outBase = (from?.out ?? 0) - this.#flushed;
    this.#skipBits = (from?.in ?? 0) % 8;
    this.#nextReport = (from?.out ?? 0) + Math.max(report?.every ?? 0, 1);
    this.#askForReport();
  }

  /** Bytes of input used, including those before `from`. */
  get inPosition(): number {
    return this.#inBase + this.#next - this.#input;
  }

  /** Bytes of output passed on, including those before `from`. */
  get outPosition(): number {
    return this.#outBase + this.#flushed;
  }

  /** Input that was copied in and not used. Valid until the next call. */
  get rest(): Uint8Array {
    return this.#memory.subarray(this.#next, this.#end);
  }

  /** Counts bytes of `rest` as used. */
  skip(bytes: number): void {
    this.#next += bytes;
  }

  /**
   * Copies as much of `chunk` from offset `from` as fits after the unused input. Returns how much.
   *
   * If source and target are aligned differently to eight bytes, V8 copies into shared memory byte
   * by byte, thirty times as slowly. So the unused input is moved to where the new part is aligned.
   */
  addInput(chunk: Uint8Array, from: number): number {
    const unused = this.#end - this.#next;
    const shift = (chunk.byteOffset + from - unused) & 7;
    const to = this.#input + shift;
    this.#memory.copyWithin(to, this.#next, this.#end);
    this.#inBase += this.#next - to;
    this.#next = to;
    this.#end = to + unused;
    const room = this.#code.inputSize() - shift - unused;
    const part = chunk.subarray(from, from + room);
    this.#memory.set(part, this.#end);
    this.#end += part.length;
    return part.length;
  }

  /** Starts another stream at the next byte. It cannot refer to earlier output. */
  begin(): void {
    this.#code.begin();
  }

  /**
   * Decodes the input and passes all output to the sink. Returns true after the last block, false
   * if more input is needed.
   * @throws {InflateError}
   */
  decode(): boolean {
    this.#skipUsedBits();
    for (;;) {
      const status = this.#code.run(this.#next, this.#end);
      this.#next = this.#code.next();
      if (status >= FIRST_ERROR) {
        throw new InflateError(PROBLEMS[status - FIRST_ERROR] ?? `status ${status}`, this.inPosition);
      }
      this.#flush();
      if (status === NEED_INPUT) return false;
      if (status === DONE) return true;
      if (status === OUTPUT_FULL) this.#slide();
      else if (status === BLOCK_START) this.#reportBlock();
    }
  }

  #skipUsedBits(): void {
    if (this.#skipBits === 0 || this.#next === this.#end) return;
    this.#code.prime((this.#memory[this.#next] ?? 0) >> this.#skipBits, 8 - this.#skipBits);
    this.#next += 1;
    this.#skipBits = 0;
  }

  #flush(): void {
    const out = this.#code.out();
    if (out === this.#flushed) return;
    const chunk = this.#memory.subarray(this.#flushed, out);
    this.#flushed = out;
    this.#sink.write(chunk);
  }

  #slide(): void {
    this.#code.slide(this.#slots.next());
    const out = this.#code.out();
    this.#outBase += this.#flushed - out;
    this.#flushed = out;
    this.#askForReport();
  }

  #askForReport(): void {
    if (this.#report === undefined) return;
    // Negative if a block has continued far past the position.
    const address = this.#nextReport - this.#outBase;
    this.#code.reportAt(Math.min(Math.max(address, 0), 0xffffffff));
  }

  #reportBlock(): void {
    const out = this.#code.out();
    const oldest = Math.max(this.#code.oldest(), out - WINDOW_SIZE);
    this.#nextReport = this.outPosition + Math.max(this.#report?.every ?? 0, 1);
    this.#askForReport();
    this.#report?.onBlock({
      in: this.inPosition * 8 - this.#code.held(),
      out: this.outPosition,
      window: this.#memory.subarray(oldest, out),
    });
  }
}
