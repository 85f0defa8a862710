/*
 * Raw deflate (RFC 1951) that stops wherever its input ends and continues when more comes.
 * The caller, `DeflateDecoder`, copies bytes to INPUT, calls `run`, and takes the output before
 * `out`. It keeps positions and checksums itself.
 */
import { align, giveBack } from './bits';
import { copyStored, readBlockHeader } from './blocks';
import { INPUT, INPUT_SIZE, OUTPUT, OUTPUT_SIZE, SLOT_SIZE, WINDOW_SIZE } from './layout';
import { writeMeanings } from './meanings';
import { Mode, State, Status } from './state';
import { decodeSymbols } from './symbols';

writeMeanings();

/** Address and size of the input area. */
export function input(): usize {
  return INPUT;
}
export function inputSize(): usize {
  return INPUT_SIZE;
}
/** Address of the first output. A slot takes `slotSize` bytes, including the window before it. */
export function output(): usize {
  return OUTPUT + WINDOW_SIZE;
}
export function slotSize(): usize {
  return SLOT_SIZE;
}
/** Address of the next byte of output. */
export function out(): usize {
  return State.out;
}
/** Address of the oldest byte that the stream may refer to. */
export function oldest(): usize {
  return State.oldest;
}
/** Address of the next unused byte of input. */
export function next(): usize {
  return State.next;
}
/** Unused bits, fewer than eight, of the byte before `next`. */
export function held(): u32 {
  return State.held;
}
/** Requests a stop at the first block that starts with the output at `address` or later. */
export function reportAt(address: usize): void {
  State.reportAt = address;
}

/** Starts again, with output at `to`, after the `window` bytes that precede it. */
export function reset(to: usize, window: usize): void {
  goTo(to);
  State.reportAt = usize.MAX_VALUE;
  begin();
  State.oldest = to - window;
}

function goTo(slot: usize): void {
  State.out = slot;
  State.limit = slot + OUTPUT_SIZE;
}

/** Starts a stream whose matches cannot reach earlier output. */
export function begin(): void {
  State.hold = 0;
  State.held = 0;
  State.oldest = State.out;
  State.mode = Mode.Header;
  State.last = false;
}

/** Starts within a byte whose `count` high bits, passed as `bits`, belong to the stream. */
export function prime(bits: u32, count: u32): void {
  State.hold = bits;
  State.held = count;
}

/** Moves output to another slot, or the start of the same one, after a copy of the window. */
export function slide(to: usize): void {
  const from = State.out - WINDOW_SIZE;
  memory.copy(to - WINDOW_SIZE, from, WINDOW_SIZE);
  State.oldest = to - min(State.out - State.oldest, WINDOW_SIZE);
  goTo(to);
}

/** Takes one step in the current mode. */
function step(): Status {
  if (State.mode == Mode.Symbols) return decodeSymbols();
  if (State.mode == Mode.Stored) return copyStored();
  if (State.last) {
    align();
    return Status.Done;
  }
  if (State.out >= State.reportAt) {
    State.reportAt = usize.MAX_VALUE;
    return Status.BlockStart;
  }
  return readBlockHeader();
}

/** Decodes the input from `next` to `end` until the caller must act. */
export function run(next: usize, end: usize): Status {
  State.next = next;
  State.end = end;
  let status: Status;
  do {
    status = step();
  } while (status == Status.Continue);
  giveBack();
  return status;
}
