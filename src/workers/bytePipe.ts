import type { Compression } from '../oci/compression.ts';
import type { TarSink } from '../layers/unpack/layerReading.ts';
import type { Sink } from '../oci/byteSource.ts';

/** The memory that bytes pass through: slots of equal size, filled in turn, round and round. */
export interface PipeRoom {
  readonly bytes: SharedArrayBuffer;
  /** Offset of the first of the {@link SLOTS} in `bytes`, and the distance between two. */
  readonly first: number;
  readonly stride: number;
}

/** A pipe's memory, shared by two threads. Plain data, so that one can send it to the other. */
export interface PipeMemory extends PipeRoom {
  readonly control: SharedArrayBuffer;
}

/** The other end of the pipe is gone or this end was stopped. The other end's error says why. */
export class PipeBrokenError extends Error {
  /** The reader rejected the data. It takes no more, but the sender may go on to its own end. */
  readonly damaged: boolean;
  constructor(damaged: boolean) {
    super('The pipe to the other thread is broken');
    this.name = 'PipeBrokenError';
    this.damaged = damaged;
  }
}

/**
 * All slots together stay in a processor's cache, and are large enough that the two threads seldom
 * wait for each other.
 */
export const SLOTS = 16;
/** Bytes in a slot, unless its writer adds a few more. */
const SLOT = 256 << 10;
/**
 * Bytes after which the other end is woken, since waking a thread costs more than passing on a few.
 * Less than half of all slots, or a waiting end would never hear.
 */
const BATCH = (SLOTS * SLOT) / 4;

/** Words of `control`. Positions count bytes modulo 2^32. */
const TICK = 0;
const WRITTEN = 1;
const READ = 2;
const STATE = 3;
const COMPRESSION = 4;
/** Bytes in each slot once it is full; 0 while it is being filled. */
const LENGTHS = 6;
const WORDS = LENGTHS + SLOTS;

const OPEN = 0;
const ENDED = 1;
const BROKEN = 2;
const DAMAGED = 3;

const COMPRESSIONS: readonly Compression[] = ['none', 'gzip', 'zstd'];

/** Creates a pipe's memory. @param room of the writer, if its bytes are there already */
export function pipeMemory(room?: PipeRoom): PipeMemory {
  const { bytes, first, stride } = room ?? { bytes: new SharedArrayBuffer(SLOTS * SLOT), first: 0, stride: SLOT };
  return { control: new SharedArrayBuffer(WORDS * 4 + 8), bytes, first, stride };
}

/** Wakes and stops both ends, from any thread. A pipe that has ended stays ended. */
export function breakPipe(memory: PipeMemory): void {
  new Control(memory).leave(BROKEN);
}

/**
 * The state that both ends share. Every change increments one word, and a waiting end waits for
 * that word to change, so no change between looking and waiting is missed.
 */
class Control {
  readonly #words: Int32Array;
  readonly #junk: Float64Array;
  /** This end's position when it last woke the other one. */
  #announced = 0;

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

  /** Advances this end. */
  move(word: number, position: number): void {
    this.set(word, position | 0);
    if (position - this.#announced < BATCH) return;
    this.#announced = position;
    this.#announce();
  }

  /** Leaves the state OPEN, once. */
  leave(state: number): void {
    if (Atomics.compareExchange(this.#words, STATE, OPEN, state) === OPEN) this.#announce();
  }

  /** Blocks the thread until `ready` returns a value. */
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

  #announce(): void {
    Atomics.add(this.#words, TICK, 1);
    Atomics.notify(this.#words, TICK);
  }
}

/** The end that takes a layer's uncompressed bytes. It blocks its thread while the pipe is full. */
export class PipeWriter implements TarSink<void> {
  readonly #control: Control;
  readonly #memory: PipeMemory;
  readonly #bytes: Uint8Array;
  readonly #compression: () => Compression;
  #position = 0;
  /** The slot being filled, and the bytes in it. */
  #slot = -1;
  #filled = 0;
  /** The position at the end of each full slot. */
  readonly #left: number[] = [];

  /** @param compression called when the first byte comes */
  constructor(memory: PipeMemory, compression: () => Compression) {
    this.#control = new Control(memory);
    this.#memory = memory;
    this.#bytes = new Uint8Array(memory.bytes);
    this.#compression = compression;
  }

  /**
   * Passes on a copy, or the bytes themselves if they are in the pipe's memory, where {@link next}
   * said.
   * @throws {PipeBrokenError}
   */
  write(chunk: Uint8Array): void {
    this.#checkState();
    if (this.#position === 0) this.#control.set(COMPRESSION, COMPRESSIONS.indexOf(this.#compression()));
    if (chunk.buffer === this.#memory.bytes) return this.#pass(chunk.length);
    for (let at = 0; at < chunk.length;) {
      const to = this.#filled === SLOT || this.#slot === -1 ? this.next() : this.#address + this.#filled;
      const part = chunk.subarray(at, at + SLOT - this.#filled);
      this.#bytes.set(part, to);
      at += part.length;
      this.#pass(part.length);
    }
  }

  /**
   * Moves on to the next slot once that is free, and returns its offset in the pipe's memory.
   * @throws {PipeBrokenError}
   */
  next(): number {
    if (this.#slot !== -1) {
      this.#control.set(LENGTHS + this.#slot, this.#filled);
      this.#left[this.#slot] = this.#position;
    }
    this.#slot = (this.#slot + 1) % SLOTS;
    this.#control.until(() => this.#isFree() || undefined);
    this.#control.set(LENGTHS + this.#slot, 0);
    this.#filled = 0;
    return this.#address;
  }

  /** Marks the end of the data. @throws {PipeBrokenError} */
  end(junk: number): void {
    this.#checkState();
    this.#control.set(COMPRESSION, COMPRESSIONS.indexOf(this.#compression()));
    this.#control.junk = junk;
    this.#control.leave(ENDED);
  }

  /** Does nothing: the writer holds no resources. */
  close(): void {}

  get #address(): number {
    return this.#memory.first + this.#slot * this.#memory.stride;
  }

  /**
   * Whether the reader has taken a byte written after this slot was left. Until then it may still
   * ask for the slot's length.
   */
  #isFree(): boolean {
    this.#checkState();
    const left = this.#left[this.#slot];
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

/** The end that hands the bytes out. It blocks its thread while the pipe is empty. */
export class PipeReader {
  readonly #control: Control;
  readonly #memory: PipeMemory;
  readonly #bytes: Buffer;
  #position = 0;
  /** The slot being emptied, and the bytes taken from it. */
  #slot = 0;
  #taken = 0;

  constructor(memory: PipeMemory) {
    this.#control = new Control(memory);
    this.#memory = memory;
    this.#bytes = Buffer.from(memory.bytes);
  }

  /** Known once the first byte or the end has come. */
  get compression(): Compression {
    return COMPRESSIONS[this.#control.get(COMPRESSION)] ?? 'none';
  }

  /** Bytes after the end of the compressed data; known at the end. */
  get junk(): number {
    return this.#control.junk;
  }

  /**
   * Writes everything to the sink until the end, as views that are valid during the call.
   * @throws {PipeBrokenError} and what the sink throws
   */
  pour(sink: Sink): void {
    for (let count = this.#next(); count > 0; count = this.#next()) {
      const start = this.#memory.first + this.#slot * this.#memory.stride + this.#taken;
      sink.write(this.#bytes.subarray(start, start + count));
      this.#taken += count;
      this.#position += count;
      this.#control.move(READ, this.#position);
    }
  }

  /** Stops reading. */
  stop(damaged: boolean): void {
    this.#control.leave(damaged ? DAMAGED : BROKEN);
  }

  /** Returns the number of contiguous bytes available; 0 at the end. */
  #next(): number {
    const available = this.#control.until(() => this.#available());
    // Read afterwards: as long as the slot is being filled, all available bytes are in it.
    const length = this.#control.get(LENGTHS + this.#slot);
    if (available === 0 || length === 0) return available;
    if (this.#taken < length) return Math.min(available, length - this.#taken);
    this.#slot = (this.#slot + 1) % SLOTS;
    this.#taken = 0;
    return this.#next();
  }

  #available(): number | undefined {
    // The state first: when the end is visible, so is everything written before it.
    const state = this.#control.get(STATE);
    if (state === BROKEN || state === DAMAGED) throw new PipeBrokenError(state === DAMAGED);
    const available = (this.#control.get(WRITTEN) - this.#position) >>> 0;
    return available > 0 || state === ENDED ? available : undefined;
  }
}
