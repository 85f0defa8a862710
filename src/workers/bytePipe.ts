import type { Compression } from '../oci/compression.ts';
import type { TarSink } from '../layers/unpack/layerReading.ts';
import type { Sink } from '../oci/byteSource.ts';

/** Where bytes lie on their way: in places that are filled one after the other, and then anew. */
export interface PipeRoom {
  readonly bytes: SharedArrayBuffer;
  /** Offset of the first place in `bytes`, and of each from the one before. There are {@link PLACES}. */
  readonly first: number;
  readonly stride: number;
}

/** A pipe's memory, which two threads share. Plain data: it is sent to the other one. */
export interface PipeMemory extends PipeRoom {
  readonly control: SharedArrayBuffer;
}

/** The other end of the pipe is gone, or this one was told to stop; who holds the other end knows why. */
export class PipeBrokenError extends Error {
  /** What came through was no good: more of it is not wanted, but the sender may come to its own end. */
  readonly damaged: boolean;
  constructor(damaged: boolean) {
    super('The pipe to the other thread is broken');
    this.name = 'PipeBrokenError';
    this.damaged = damaged;
  }
}

/** All places together are small enough to stay in a processor's cache on their way, and large enough that the two threads seldom wait for each other. */
export const PLACES = 16;
/** Bytes in a place, unless its writer puts some more there. */
const PLACE = 256 << 10;
/** The other end is told of so many bytes at once: waking a thread takes longer than to pass on a few. Less than half of all places, so that who waits always hears. */
const BATCH = (PLACES * PLACE) / 4;

/** Words of `control`. Positions count bytes modulo 2^32. */
const TICK = 0;
const WRITTEN = 1;
const READ = 2;
const STATE = 3;
const COMPRESSION = 4;
/** How many bytes each place was left with; 0 while it is being filled. */
const LENGTHS = 6;
const WORDS = LENGTHS + PLACES;

const OPEN = 0;
const ENDED = 1;
const BROKEN = 2;
const DAMAGED = 3;

const COMPRESSIONS: readonly Compression[] = ['none', 'gzip', 'zstd'];

/** Makes a pipe's memory. @param room that the writer has, if its bytes lie there already */
export function pipeMemory(room?: PipeRoom): PipeMemory {
  const { bytes, first, stride } = room ?? { bytes: new SharedArrayBuffer(PLACES * PLACE), first: 0, stride: PLACE };
  return { control: new SharedArrayBuffer(WORDS * 4 + 8), bytes, first, stride };
}

/** Wakes whoever waits at either end, and makes both stop. For any thread, at any time: a pipe that has ended stays as it is. */
export function breakPipe(memory: PipeMemory): void {
  new Control(memory).leave(BROKEN);
}

/**
 * What both ends know. Who tells of a change counts up one word, and who waits, waits for that word to change: so no change between looking and waiting is missed.
 */
class Control {
  readonly #words: Int32Array;
  readonly #junk: Float64Array;
  /** Position of this end that the other one was told last. */
  #told = 0;

  constructor({ control }: PipeMemory) {
    this.#words = new Int32Array(control, 0, WORDS);
    this.#junk = new Float64Array(control, WORDS * 4, 1);
  }

  get(word: number): number {
    return Atomics.load(this.#words, word);
  }

  set(word: number, value: number): void {
    Atomics.store(this.#words, word, value);
  }

  /** Sets the position of this end. */
  move(word: number, position: number): void {
    this.set(word, position | 0);
    if (position - this.#told < BATCH) return;
    this.#told = position;
    this.#tell();
  }

  /** Leaves the state OPEN, once. */
  leave(state: number): void {
    if (Atomics.compareExchange(this.#words, STATE, OPEN, state) === OPEN) this.#tell();
  }

  /** Blocks the thread until `ready` gives something. */
  until<T>(ready: () => T | undefined): T {
    for (;;) {
      const tick = this.get(TICK);
      const value = ready();
      if (value !== undefined) return value;
      Atomics.wait(this.#words, TICK, tick);
    }
  }

  get junk(): number {
    return this.#junk[0] ?? 0;
  }

  set junk(bytes: number) {
    this.#junk[0] = bytes;
  }

  #tell(): void {
    Atomics.add(this.#words, TICK, 1);
    Atomics.notify(this.#words, TICK);
  }
}

/** The end that a layer's uncompressed bytes go in at. It blocks its thread while the pipe is full. */
export class PipeWriter implements TarSink<void> {
  readonly #control: Control;
  readonly #memory: PipeMemory;
  readonly #bytes: Uint8Array;
  readonly #compression: () => Compression;
  #position = 0;
  /** The place that is being filled, and what is in it. */
  #place = -1;
  #filled = 0;
  /** The position at which each place was left. */
  readonly #left: number[] = [];

  /** @param compression asked when the first byte comes */
  constructor(memory: PipeMemory, compression: () => Compression) {
    this.#control = new Control(memory);
    this.#memory = memory;
    this.#bytes = new Uint8Array(memory.bytes);
    this.#compression = compression;
  }

  /** Passes on a copy; or, where they lie in the pipe's own memory since {@link next} told where, the bytes themselves. @throws {PipeBrokenError} */
  write(chunk: Uint8Array): void {
    this.#checkState();
    if (this.#position === 0) this.#control.set(COMPRESSION, COMPRESSIONS.indexOf(this.#compression()));
    if (chunk.buffer === this.#memory.bytes) return this.#pass(chunk.length);
    for (let at = 0; at < chunk.length;) {
      const to = this.#filled === PLACE || this.#place === -1 ? this.next() : this.#address + this.#filled;
      const part = chunk.subarray(at, at + PLACE - this.#filled);
      this.#bytes.set(part, to);
      at += part.length;
      this.#pass(part.length);
    }
  }

  /** Leaves a place for the next one, and waits until that is free. Returns its offset in the pipe's memory. @throws {PipeBrokenError} */
  next(): number {
    if (this.#place !== -1) {
      this.#control.set(LENGTHS + this.#place, this.#filled);
      this.#left[this.#place] = this.#position;
    }
    this.#place = (this.#place + 1) % PLACES;
    this.#control.until(() => this.#isFree() || undefined);
    this.#control.set(LENGTHS + this.#place, 0);
    this.#filled = 0;
    return this.#address;
  }

  /** All bytes went in. @throws {PipeBrokenError} */
  end(junk: number): void {
    this.#checkState();
    this.#control.set(COMPRESSION, COMPRESSIONS.indexOf(this.#compression()));
    this.#control.junk = junk;
    this.#control.leave(ENDED);
  }

  /** Holds nothing. */
  close(): void {}

  get #address(): number {
    return this.#memory.first + this.#place * this.#memory.stride;
  }

  /** The reader has taken something that was written after it was left. Until then, the reader may still ask how long it was. */
  #isFree(): boolean {
    this.#checkState();
    const left = this.#left[this.#place];
    if (left === undefined) return true;
    const waiting = (this.#position - this.#control.get(READ)) >>> 0;
    return waiting < this.#position - left;
  }

  #pass(count: number): void {
    this.#filled += count;
    this.#position += count;
    this.#control.move(WRITTEN, this.#position);
  }

  #checkState(): void {
    const state = this.#control.get(STATE);
    if (state !== OPEN) throw new PipeBrokenError(state === DAMAGED);
  }
}

/** The end that they come out at. It blocks its thread while the pipe is empty. */
export class PipeReader {
  readonly #control: Control;
  readonly #memory: PipeMemory;
  readonly #bytes: Buffer;
  #position = 0;
  /** The place that is being emptied, and what was taken from it. */
  #place = 0;
  #taken = 0;

  constructor(memory: PipeMemory) {
    this.#control = new Control(memory);
    this.#memory = memory;
    this.#bytes = Buffer.from(memory.bytes);
  }

  /** Known when the first byte has come, or the end. */
  get compression(): Compression {
    return COMPRESSIONS[this.#control.get(COMPRESSION)] ?? 'none';
  }

  /** Bytes behind the end of the compressed data; known at the end. */
  get junk(): number {
    return this.#control.junk;
  }

  /** Hands on everything that comes, until the end, as views that are good during the call. @throws {PipeBrokenError} and what the sink throws */
  pour(sink: Sink): void {
    for (let count = this.#next(); count > 0; count = this.#next()) {
      const start = this.#memory.first + this.#place * this.#memory.stride + this.#taken;
      sink.write(this.#bytes.subarray(start, start + count));
      this.#taken += count;
      this.#position += count;
      this.#control.move(READ, this.#position);
    }
  }

  /** Takes no more. */
  stop(damaged: boolean): void {
    this.#control.leave(damaged ? DAMAGED : BROKEN);
  }

  /** How many bytes there are in one piece; 0 at the end. */
  #next(): number {
    const there = this.#control.until(() => this.#there());
    // Asked afterwards: while a place was not left, all that is there is in it.
    const length = this.#control.get(LENGTHS + this.#place);
    if (there === 0 || length === 0) return there;
    if (this.#taken < length) return Math.min(there, length - this.#taken);
    this.#place = (this.#place + 1) % PLACES;
    this.#taken = 0;
    return this.#next();
  }

  #there(): number | undefined {
    // The state first: all that was written before the end is there when the end is.
    const state = this.#control.get(STATE);
    if (state === BROKEN || state === DAMAGED) throw new PipeBrokenError(state === DAMAGED);
    const there = (this.#control.get(WRITTEN) - this.#position) >>> 0;
    return there > 0 || state === ENDED ? there : undefined;
  }
}
