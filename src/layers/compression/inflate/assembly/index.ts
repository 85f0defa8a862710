/*
 * Raw deflate (RFC 1951) that stops wherever its input ends and goes on when more comes.
 * The caller lays bytes into INPUT, calls `run`, and takes what lies before `out`. The caller is `InflateMachine`; it owns positions and checksums.
 */
import { align, giveBack } from './bits';
import { copyStored, readBlockHeader } from './blocks';
import { INPUT, INPUT_SIZE, OUTPUT, OUTPUT_SIZE, PLACE_SIZE, WINDOW_SIZE } from './layout';
import { writeMeanings } from './meanings';
import { Mode, State, Status } from './state';
import { decodeSymbols } from './symbols';

writeMeanings();

/** Address of the input, and how many bytes may lie there. */
export function input(): usize {
  return INPUT;
}
export function inputSize(): usize {
  return INPUT_SIZE;
}
/** Where output may begin. Each place that it goes to takes `placeSize` bytes, of which one window lies before. */
export function output(): usize {
  return OUTPUT + WINDOW_SIZE;
}
export function placeSize(): usize {
  return PLACE_SIZE;
}
/** Where the next byte of output goes. */
export function out(): usize {
  return State.out;
}
/** The oldest byte that the stream may still refer to. */
export function oldest(): usize {
  return State.oldest;
}
/** The next byte of input that is not used. */
export function next(): usize {
  return State.next;
}
/** Bits, below eight, of the byte before `next` that are not used. */
export function held(): u32 {
  return State.held;
}
/** Asks for a stop at the first block that starts with the output at `address` or farther. */
export function reportAt(address: usize): void {
  State.reportAt = address;
}

/** Starts anew, the output too: it goes to `to`, and the `window` bytes before are what came before. */
export function reset(to: usize, window: usize): void {
  goTo(to);
  State.reportAt = usize.MAX_VALUE;
  begin();
  State.oldest = to - window;
}

function goTo(place: usize): void {
  State.out = place;
  State.limit = place + OUTPUT_SIZE;
}

/** Starts a stream whose matches reach nothing that was put out before. */
export function begin(): void {
  State.hold = 0;
  State.held = 0;
  State.oldest = State.out;
  State.mode = Mode.Header;
  State.last = false;
}

/** Begins within a byte: only its `count` high bits, given as `bits`, belong to the stream. */
export function prime(bits: u32, count: u32): void {
  State.hold = bits;
  State.held = count;
}

/** Goes on with the output at another place, or anew at the same; the window is copied before it. Everything before `out` must have been taken. */
export function slide(to: usize): void {
  const from = State.out - WINDOW_SIZE;
  memory.copy(to - WINDOW_SIZE, from, WINDOW_SIZE);
  State.oldest = to - min(State.out - State.oldest, WINDOW_SIZE);
  goTo(to);
}

/** One step in the state that the decoder is in. */
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

/** Decodes the input from `next` to `end` until something is up. */
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
