import type { Sink } from '../../../oci/byteSource.ts';
import type { InflateInstance } from './engine.ts';
import { InflateError } from './inflateError.ts';

/** How far back a match may reach (RFC 1951, section 2). */
const WINDOW_SIZE = 32768;

/** What `run` returns: `Status` of assembly/state.ts. */
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

/** A place between two deflate blocks, from which decoding can start. */
export interface BlockPoint {
  /** BITS of input before the block. */
  readonly in: number;
  /** Bytes of output before the block. */
  readonly out: number;
  /** The last bytes of output, at most 32 KiB, that the block may refer to. */
  readonly window: Uint8Array;
}

/** Who wants to know where blocks start. */
export interface BlockReport {
  /** Bytes of output between two reports, at least; 0 reports every block but the first. */
  readonly every: number;
  /** Called when the sink has got exactly `point.out` bytes. The window is a view that is good during the call: copy what is to be kept. */
  onBlock(point: BlockPoint): void;
}

/** Where output goes, for who wants it to stay in the instance's memory for a while. */
export interface OutputPlaces {
  /** The address where it goes on. What it takes there, and before, is told by the instance. */
  next(): number;
}

/** Drives one instance of the WebAssembly inflate: lays input in, hands output out, and keeps count of both. */
export class DeflateDecoder {
  readonly #code: InflateInstance['code'];
  readonly #memory: Uint8Array;
  readonly #sink: Sink;
  readonly #report: BlockReport | undefined;
  readonly #input: number;
  readonly #places: OutputPlaces;
  /** Addresses: the unused input, and the output that the sink has not got. */
  #next: number;
  #end: number;
  #flushed: number;
  /** Positions in the streams of the first byte of the input's memory, and of the memory's first byte in the output. */
  #inBase: number;
  #outBase: number;
  #nextReport: number;
  /** Low bits of the next byte laid in that belong to the block before. */
  #skipBits: number;

  /** Decodes from the start, or from `from`: the input then begins with the byte that holds bit `from.in`. Without `places`, one is used over and over. */
  constructor(
    { code, memory }: InflateInstance,
    sink: Sink,
    report?: BlockReport,
    from?: BlockPoint,
    places?: OutputPlaces,
  ) {
    this.#code = code;
    this.#memory = new Uint8Array(memory);
    this.#sink = sink;
    this.#report = report;
    this.#input = this.#next = this.#end = code.input();
    this.#places = places ?? { next: () => code.output() };
    const window = from?.window.subarray(-WINDOW_SIZE) ?? new Uint8Array(0);
    this.#flushed = this.#places.next();
    this.#memory.set(window, this.#flushed - window.length);
    code.reset(this.#flushed, window.length);
    this.#inBase = Math.floor((from?.in ?? 0) / 8);
    this.#outBase = (from?.out ?? 0) - this.#flushed;
    this.#skipBits = (from?.in ?? 0) % 8;
    this.#nextReport = (from?.out ?? 0) + Math.max(report?.every ?? 0, 1);
    this.#askForReport();
  }

  /** Bytes of input that were used, those included that `resume` skipped. */
  get inPosition(): number {
    return this.#inBase + this.#next - this.#input;
  }

  /** Bytes of output that the sink has got, those included that came before the point of resuming. */
  get outPosition(): number {
    return this.#outBase + this.#flushed;
  }

  /** Input that was laid in and not used. A view: good until the next call. */
  get rest(): Uint8Array {
    return this.#memory.subarray(this.#next, this.#end);
  }

  /** Counts bytes of `rest` as used. */
  skip(bytes: number): void {
    this.#next += bytes;
  }

  /**
   * Copies as much of `chunk` from offset `from` as there is room for, behind what is still unused. Returns how much.
   * V8 copies into shared memory byte by byte, thirty times as slowly, where source and target lie differently in their words of eight: so what is unused is moved to where the new part lies well.
   */
  lay(chunk: Uint8Array, from: number): number {
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

  /** Starts another stream at the next byte; it cannot refer to the output before. */
  begin(): void {
    this.#code.begin();
  }

  /**
   * Decodes what was laid in, and hands all the output to the sink. True when the last block has ended, false when more input is needed.
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
    this.#code.slide(this.#places.next());
    const out = this.#code.out();
    this.#outBase += this.#flushed - out;
    this.#flushed = out;
    this.#askForReport();
  }

  #askForReport(): void {
    if (this.#report === undefined) return;
    // Below the memory's beginning when a block has gone on past the place for long.
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
