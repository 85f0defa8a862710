import { State } from './state';

/** Loads as many bits as available, at least 56 while the input lasts. */
export function refill(): void {
  if (State.end - State.next >= 8) {
    State.hold |= load<u64>(State.next) << State.held;
    State.next += (63 - State.held) >> 3;
    State.held |= 56;
    return;
  }
  while (State.held < 56 && State.next < State.end) {
    State.hold |= (<u64>load<u8>(State.next)) << State.held;
    State.next++;
    State.held += 8;
  }
}

/** Returns true if `count` (up to 56) bits are held. */
export function need(count: u32): bool {
  if (State.held < count) refill();
  return State.held >= count;
}

/** Takes bits that `need` has ensured. */
export function take(count: u32): u32 {
  const bits = <u32>(State.hold & (((<u64>1) << count) - 1));
  State.hold >>= count;
  State.held -= count;
  return bits;
}

/** Returns whole bytes to the input. */
export function giveBack(): void {
  State.next -= State.held >> 3;
  State.held &= 7;
  State.hold &= ((<u64>1) << State.held) - 1;
}

/** Drops the rest of a partly used byte, and returns the whole ones. */
export function align(): void {
  giveBack();
  State.hold = 0;
  State.held = 0;
}
