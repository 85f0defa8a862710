import { refill } from './bits';
import { DISTANCE_BITS, DISTANCE_TABLE, LITLEN_BITS, LITLEN_TABLE, PERIODS, PERIOD_STEPS } from './layout';
import { Mode, State, Status } from './state';
import { END, LITERAL, POINTER, SPECIAL } from './tables';

const LITLEN_MASK: u32 = (1 << LITLEN_BITS) - 1;
const DISTANCE_MASK: u32 = (1 << DISTANCE_BITS) - 1;

/** Most input that one pass of the fast loop uses or reads: three refills. */
const FAST_INPUT: usize = 32;

/**
 * Copies `length` bytes from `distance` before `to`, sixteen at a time and at least thirty-two. Up
 * to thirty-one bytes after the match are overwritten, for which the output has slack. A period
 * shorter than sixteen is spread over a vector first.
 */
function copyMatch(to: usize, distance: usize, length: usize): void {
  const end = to + length;
  let from = to - distance;
  if (distance >= 16) {
    v128.store(to, v128.load(from));
    v128.store(to + 16, v128.load(from + 16));
    if (length <= 32) return;
    to += 32;
    from += 32;
    do {
      v128.store(to, v128.load(from));
      to += 16;
      from += 16;
    } while (to < end);
    return;
  }
  const period = v128.swizzle(v128.load(from), v128.load(PERIODS + (distance << 4)));
  const step = <usize>load<u8>(PERIOD_STEPS + distance);
  do {
    v128.store(to, period);
    to += step;
  } while (to < end);
}

function litlenEntry(hold: u64): u32 {
  return load<u32>(LITLEN_TABLE + (((<u32>hold) & LITLEN_MASK) << 2));
}

function distanceEntry(hold: u64): u32 {
  return load<u32>(DISTANCE_TABLE + (((<u32>hold) & DISTANCE_MASK) << 2));
}

/** Returns the second-level entry of a pointer. `hold` starts after the first level's bits. */
function secondEntry(table: usize, pointer: u32, hold: u64): u32 {
  return load<u32>(table + (((pointer >> 16) + ((<u32>hold) & ((1 << ((pointer >> 8) & 15)) - 1))) << 2));
}

/**
 * Returns a length or distance: base plus extra bits. `hold` starts at its code. Shifts count
 * modulo 32, so the entry is their count as it is.
 */
function valueOf(entry: u32, hold: u64): u32 {
  return (entry >> 16) + (((<u32>hold) & ((1 << entry) - 1)) >> (entry >> 8));
}

/**
 * Decodes while input and space last for a whole pass of the loop, which checks neither in between.
 * Most steps and their order are libdeflate's: a pass takes up to three literals and a match, since
 * 56 bits are enough for two first-level literals (22) and a third symbol (20), and the next pass's
 * entry is loaded before the match is copied.
 *
 * Two measured gains beyond libdeflate: each distance entry is looked up before a distance is known
 * to follow, because the processor mispredicts about once per match and then has the entry already;
 * and the refill before the distance is skipped when enough bits are held.
 *
 * The whole entry is subtracted from `held`, of which only the low bits are used.
 */
export function decodeFast(): Status {
  const inLast = State.end - FAST_INPUT;
  const oldest = State.oldest;
  const limit = State.limit;
  let next = State.next;
  let out = State.out;
  let held = State.held;
  let hold = State.hold | (load<u64>(next) << held);
  next += (63 - held) >> 3;
  held |= 56;
  let status: Status = Status.Continue;
  let entry = litlenEntry(hold);
  do {
    let before = hold;
    hold >>= entry;
    held -= entry;
    let d = distanceEntry(hold);
    if (entry & LITERAL) {
      store<u8>(out++, entry >> 16);
      entry = litlenEntry(hold);
      before = hold;
      hold >>= entry;
      held -= entry;
      d = distanceEntry(hold);
      if (entry & LITERAL) {
        store<u8>(out++, entry >> 16);
        entry = litlenEntry(hold);
        before = hold;
        hold >>= entry;
        held -= entry;
        d = distanceEntry(hold);
      }
    }
    if (entry & (POINTER | LITERAL | SPECIAL)) {
      if (entry & POINTER) {
        entry = secondEntry(LITLEN_TABLE, entry, hold);
        before = hold;
        hold >>= entry;
        held -= entry;
        d = distanceEntry(hold);
      }
      if (entry & LITERAL) {
        store<u8>(out++, entry >> 16);
        hold |= load<u64>(next) << held;
        next += 7 - ((held >> 3) & 7);
        held |= 56;
        entry = litlenEntry(hold);
        continue;
      }
      if (entry & SPECIAL) {
        if (entry & END) State.mode = Mode.Header;
        else status = Status.BadSymbol;
        break;
      }
    }
    const length = valueOf(entry, before);
    entry = d;
    if ((held & 63) < 28) {
      hold |= load<u64>(next) << held;
      next += 7 - ((held >> 3) & 7);
      held |= 56;
    }
    if (entry & SPECIAL) {
      if (!(entry & POINTER)) {
        status = Status.BadDistance;
        break;
      }
      hold >>= DISTANCE_BITS;
      held -= DISTANCE_BITS;
      entry = secondEntry(DISTANCE_TABLE, entry, hold);
    }
    const distance = valueOf(entry, hold);
    hold >>= entry;
    held -= entry;
    if (distance > <u32>(out - oldest)) {
      status = Status.TooFarBack;
      break;
    }
    hold |= load<u64>(next) << held;
    next += 7 - ((held >> 3) & 7);
    held |= 56;
    entry = litlenEntry(hold);
    copyMatch(out, distance, length);
    out += length;
  } while (next <= inLast && out < limit);
  State.next = next;
  State.out = out;
  State.hold = hold;
  State.held = held & 63;
  return status;
}

/** Decodes one symbol, or a match with its distance. Takes nothing if the input ends within it. */
function decodeOne(): Status {
  refill();
  let hold = State.hold;
  let entry = litlenEntry(hold);
  let used: u32 = 0;
  if (entry & POINTER) {
    used = LITLEN_BITS;
    entry = secondEntry(LITLEN_TABLE, entry, hold >> LITLEN_BITS);
  }
  const before = hold >> used;
  used += entry & 0xff;
  if (used > State.held) return Status.NeedInput;
  hold = State.hold >> used;
  let length: u32 = 0;
  let distance: u32 = 0;
  if (entry & LITERAL) {
    store<u8>(State.out++, entry >> 16);
  } else if (entry & SPECIAL) {
    if (!(entry & END)) return Status.BadSymbol;
    State.mode = Mode.Header;
  } else {
    length = valueOf(entry, before);
    entry = load<u32>(DISTANCE_TABLE + (((<u32>hold) & DISTANCE_MASK) << 2));
    if (entry & POINTER) {
      used += DISTANCE_BITS;
      hold >>= DISTANCE_BITS;
      entry = secondEntry(DISTANCE_TABLE, entry, hold);
    }
    used += entry & 0xff;
    if (used > State.held) return Status.NeedInput;
    if (entry & SPECIAL) return Status.BadDistance;
    distance = valueOf(entry, hold);
    if (distance > <u32>(State.out - State.oldest)) return Status.TooFarBack;
    copyMatch(State.out, distance, length);
    State.out += length;
  }
  State.hold >>= used;
  State.held -= used;
  return Status.Continue;
}

/** Decodes symbol by symbol near the end of the input, and with the fast loop elsewhere. */
export function decodeSymbols(): Status {
  while (State.mode == Mode.Symbols) {
    if (State.out >= State.limit) return Status.OutputFull;
    const status = State.end - State.next >= FAST_INPUT ? decodeFast() : decodeOne();
    if (status != Status.Continue) return status;
  }
  return Status.Continue;
}
