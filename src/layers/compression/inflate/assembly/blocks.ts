import { align, giveBack, need, take } from './bits';
import {
  CODE_LENGTHS,
  DISTANCE_BITS,
  DISTANCE_MEANINGS,
  DISTANCE_TABLE,
  LITLEN_BITS,
  LITLEN_MEANINGS,
  LITLEN_TABLE,
  PRECODE_BITS,
  PRECODE_LENGTHS,
  PRECODE_MEANINGS,
  PRECODE_TABLE,
} from './layout';
import { precodeLengthAt, writeFixedLengths } from './meanings';
import { Mode, State, Status } from './state';
import { buildTable } from './tables';

/** Builds both tables from `CODE_LENGTHS`. */
function buildTables(litlens: u32, distances: u32): Status {
  if (!buildTable(LITLEN_TABLE, LITLEN_BITS, CODE_LENGTHS, litlens, LITLEN_MEANINGS, true)) {
    return Status.BadLitlenCode;
  }
  const lengths = CODE_LENGTHS + litlens;
  if (!buildTable(DISTANCE_TABLE, DISTANCE_BITS, lengths, distances, DISTANCE_MEANINGS, true)) {
    return Status.BadDistanceCode;
  }
  State.mode = Mode.Symbols;
  return Status.Continue;
}

function readStoredHeader(): Status {
  align();
  if (!need(32)) return Status.NeedInput;
  const length = take(16);
  if (length != (take(16) ^ 0xffff)) return Status.BadStoredLength;
  giveBack();
  State.stored = length;
  State.mode = Mode.Stored;
  return Status.Continue;
}

function startFixed(): Status {
  if (State.fixed) {
    State.mode = Mode.Symbols;
    return Status.Continue;
  }
  writeFixedLengths();
  const status = buildTables(288, 32);
  State.fixed = true;
  return status;
}

/** Reads the lengths of both codes, which are encoded with the precode. */
function readCodeLengths(count: u32): Status {
  let at: u32 = 0;
  while (at < count) {
    need(14);
    const entry = load<u32>(PRECODE_TABLE + (((<usize>State.hold) & ((1 << PRECODE_BITS) - 1)) << 2));
    const symbol = entry >> 16;
    const extra: u32 = symbol < 16 ? 0 : symbol == 16 ? 2 : symbol == 17 ? 3 : 7;
    if (State.held < (entry & 0xff) + extra) return Status.NeedInput;
    take(entry & 0xff);
    if (symbol < 16) {
      store<u8>(CODE_LENGTHS + at++, <u8>symbol);
      continue;
    }
    const repeat = take(extra) + (symbol == 18 ? 11 : 3);
    if (symbol == 16 && at == 0) return Status.BadRepeat;
    if (at + repeat > count) return Status.BadRepeat;
    memory.fill(CODE_LENGTHS + at, symbol == 16 ? load<u8>(CODE_LENGTHS + at - 1) : 0, repeat);
    at += repeat;
  }
  return Status.Continue;
}

function readDynamicHeader(): Status {
  if (!need(14)) return Status.NeedInput;
  const litlens = take(5) + 257;
  const distances = take(5) + 1;
  const precodes = take(4) + 4;
  if (litlens > 286 || distances > 30) return Status.TooManySymbols;
  memory.fill(PRECODE_LENGTHS, 0, 19);
  for (let i: u32 = 0; i < precodes; i++) {
    if (!need(3)) return Status.NeedInput;
    store<u8>(precodeLengthAt(i), <u8>take(3));
  }
  if (!buildTable(PRECODE_TABLE, PRECODE_BITS, PRECODE_LENGTHS, 19, PRECODE_MEANINGS, false)) return Status.BadPrecode;
  const status = readCodeLengths(litlens + distances);
  if (status != Status.Continue) return status;
  if (load<u8>(CODE_LENGTHS + 256) == 0) return Status.NoEndOfBlock;
  State.fixed = false;
  return buildTables(litlens, distances);
}

/**
 * Reads a block's whole header, at most 563 bytes, or takes nothing if the input ends within it.
 */
export function readBlockHeader(): Status {
  giveBack();
  const next = State.next;
  const hold = State.hold;
  const held = State.held;
  const last = State.last;
  let status: Status = Status.NeedInput;
  if (need(3)) {
    State.last = take(1) == 1;
    const type = take(2);
    if (type == 0) status = readStoredHeader();
    else if (type == 1) status = startFixed();
    else if (type == 2) status = readDynamicHeader();
    else status = Status.BadBlockType;
  }
  if (status == Status.NeedInput) {
    State.next = next;
    State.hold = hold;
    State.held = held;
    State.last = last;
  }
  return status;
}

/** Copies the available part of a stored block. */
export function copyStored(): Status {
  const room = State.out < State.limit ? State.limit - State.out : 0;
  const count = min(State.stored, min(State.end - State.next, room));
  memory.copy(State.out, State.next, count);
  State.next += count;
  State.out += count;
  State.stored -= count;
  if (State.stored == 0) {
    State.mode = Mode.Header;
    return Status.Continue;
  }
  return State.out >= State.limit ? Status.OutputFull : Status.NeedInput;
}
