import type { Compression } from '../layers/decompress.ts';
import type { TarSink } from '../layers/layerReading.ts';
import type { Sink } from '../oci/byteSource.ts';

/** A pipe's memory, which two threads share. Plain data: it is sent to the other one. */
export interface PipeMemory {
  readonly control: SharedArrayBuffer;
  /** Its length is a power of two. */
  readonly bytes: SharedArrayBuffer;
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

/** Small enough to stay in a processor's cache on its way, large enough that the two threads seldom wait for each other. */
const SIZE = 4 << 20;
/** A reader is given no more at once, so that the writer soon has room again. */
const MOST = 256 << 10;
/** The other end is told of so many bytes at once: waking a thread takes longer than to pass on a few. Less than half of the memory, so that who waits always hears. */
const BATCH = SIZE / 4;

/** Words of `control`. Positions count bytes modulo 2^32. */
const TICK = 0;
const WRITTEN = 1;
const READ = 2;
const STATE = 3;
const COMPRESSION = 4;
const WORDS = 6;

const OPEN = 0;
const ENDED = 1;
const BROKEN = 2;
const DAMAGED = 3;

const COMPRESSIONS: readonly Compression[] = ['none', 'gzip', 'zstd'];

/** Makes a pipe's memory. */
export function pipeMemory(): PipeMemory {
  return { control: new SharedArrayBuffer(WORDS * 4 + 8), bytes: new SharedArrayBuffer(SIZE) };
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
  readonly #bytes: Uint8Array;
  readonly #compression: () => Compression;
  #position = 0;

  /** @param compression asked when the first byte comes */
  constructor(memory: PipeMemory, compression: () => Compression) {
    this.#control = new Control(memory);
    this.#bytes = new Uint8Array(memory.bytes);
    this.#compression = compression;
  }

  /** @throws {PipeBrokenError} */
  write(chunk: Uint8Array): void {
    if (this.#position === 0) this.#control.set(COMPRESSION, COMPRESSIONS.indexOf(this.#compression()));
    for (let at = 0; at < chunk.length;) {
      const start = this.#position % SIZE;
      const count = Math.min(
        chunk.length - at,
        SIZE - start,
        this.#control.until(() => this.#room()),
      );
      this.#bytes.set(chunk.subarray(at, at + count), start);
      at += count;
      this.#position += count;
      this.#control.move(WRITTEN, this.#position);
    }
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

  #room(): number | undefined {
    this.#checkState();
    const room = SIZE - ((this.#position - this.#control.get(READ)) >>> 0);
    return room > 0 ? room : undefined;
  }

  #checkState(): void {
    const state = this.#control.get(STATE);
    if (state !== OPEN) throw new PipeBrokenError(state === DAMAGED);
  }
}

/** The end that they come out at. It blocks its thread while the pipe is empty. */
export class PipeReader {
  readonly #control: Control;
  readonly #bytes: Buffer;
  #position = 0;

  constructor(memory: PipeMemory) {
    this.#control = new Control(memory);
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
      const start = this.#position % SIZE;
      sink.write(this.#bytes.subarray(start, start + count));
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
    const start = this.#position % SIZE;
    return Math.min(
      MOST,
      SIZE - start,
      this.#control.until(() => this.#there()),
    );
  }

  #there(): number | undefined {
    // The state first: all that was written before the end is there when the end is.
    const state = this.#control.get(STATE);
    if (state === BROKEN || state === DAMAGED) throw new PipeBrokenError(state === DAMAGED);
    const there = (this.#control.get(WRITTEN) - this.#position) >>> 0;
    return there > 0 || state === ENDED ? there : undefined;
  }
}
