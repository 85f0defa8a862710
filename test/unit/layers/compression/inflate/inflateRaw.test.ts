import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { constants, deflateRawSync, inflateRawSync, type Zlib } from 'node:zlib';
import { InflateEngine } from '../../../../../src/layers/compression/inflate/engine.ts';
import { InflateError } from '../../../../../src/layers/compression/inflate/inflateError.ts';
import {
  completeCode,
  DeflateWriter,
  FIXED_DISTANCES,
  FIXED_LITLENS,
  type LengthStep,
  seeded,
} from '../../../../support/deflateWriter.ts';
import { RawInflater } from './rawInflater.ts';

const engine = InflateEngine.load();
assert.ok(engine, 'this Node.js has WebAssembly with vectors');

/** A decoder's result: its output and the bytes of input that it used, or its refusal. */
type Outcome = { readonly data: Buffer; readonly used: number } | 'damaged' | 'truncated';

function ours(input: Uint8Array, size = 1 << 20): Outcome {
  assert.ok(engine);
  const parts: Buffer[] = [];
  const inflater = new RawInflater(engine, { write: chunk => parts.push(Buffer.from(chunk)) });
  try {
    for (let from = 0; from < input.length; from += size) inflater.write(input.subarray(from, from + size));
    const { in: used, out } = inflater.end();
    const data = Buffer.concat(parts);
    assert.equal(data.length, out);
    return { data, used };
  } catch (error) {
    if (!(error instanceof InflateError)) throw error;
    return error.truncated ? 'truncated' : 'damaged';
  }
}

function zlibs(input: Uint8Array): Outcome {
  try {
    const result: unknown = inflateRawSync(input, { info: true });
    const { buffer, engine: decoder } = result as { buffer: Buffer; engine: Zlib };
    return { data: buffer, used: decoder.bytesWritten };
  } catch (error) {
    return (error as { code?: string }).code === 'Z_BUF_ERROR' ? 'truncated' : 'damaged';
  }
}

/** Checks that both decoders agree on a stream, ours with chunks of every size. */
function compare(input: Uint8Array, sizes: readonly number[] = [1 << 20], what = ''): Outcome {
  const expected = zlibs(input);
  for (const size of sizes) {
    const got = ours(input, size);
    const where = `${what} in chunks of ${size}: ${Buffer.from(input.subarray(0, 200)).toString('hex')}`;
    if (typeof expected === 'string' || typeof got === 'string') {
      // If a damaged stream is also cut short, the error depends on how early one looks.
      assert.equal(typeof got, typeof expected, where);
      continue;
    }
    assert.ok(got.data.equals(expected.data), where);
    assert.equal(got.used, expected.used, where);
  }
  return expected;
}

/** Node's zlib frees a failed decoder only when the event loop turns. */
async function breathe(round: number): Promise<void> {
  if (round % 100 === 0) await setImmediate();
}

const EVERY_SIZE = [1 << 20, 1, 3, 37, 300];
const END = 256;

/** Literals with codes of one and two bits, and the end of a block. */
const plainLitlens = Array.from({ length: 257 }, (_, symbol) =>
  symbol === 97 ? 1 : symbol === 98 || symbol === END ? 2 : 0,
);

suite('codes that zlib accepts or refuses', () => {
  /** Writes a stream; `accepted` is zlib's answer, which is also checked. */
  function check(name: string, accepted: boolean, write: (writer: DeflateWriter) => void): void {
    test(name, () => {
      const writer = new DeflateWriter();
      write(writer);
      // More bytes follow, so that a refusal is not only for lack of input.
      const stream = Buffer.concat([writer.bytes(), Buffer.alloc(100, 0xa5)]);
      const outcome = compare(stream, EVERY_SIZE, name);
      if (accepted) assert.notEqual(typeof outcome, 'string');
      else assert.equal(outcome, 'damaged');
    });
  }
  const ab = (writer: DeflateWriter): DeflateWriter => writer.symbol(plainLitlens, 97).symbol(plainLitlens, 98);
  const withLength = [...plainLitlens.slice(0, 256), 3, 3];

  check('no distance code at all', true, w => ab(w.plainDynamic(true, plainLitlens, [0])).symbol(plainLitlens, END));
  check('one distance code of one bit', true, w => {
    w.plainDynamic(true, withLength, [1]).symbol(withLength, 97);
    w.symbol(withLength, 257).bits(0, 1).symbol(withLength, END);
  });
  check('the other bit of a single distance code', false, w => {
    w.plainDynamic(true, withLength, [1]).symbol(withLength, 97);
    w.symbol(withLength, 257).bits(1, 1).symbol(withLength, END);
  });
  check('a distance where there are none', false, w => {
    w.plainDynamic(true, withLength, [0]).symbol(withLength, 97);
    w.symbol(withLength, 257).bits(0, 1).symbol(withLength, END);
  });
  check('one distance code of two bits', false, w =>
    ab(w.plainDynamic(true, plainLitlens, [2])).symbol(plainLitlens, END),
  );
  check('distance codes that lack one', false, w =>
    ab(w.plainDynamic(true, plainLitlens, [1, 2])).symbol(plainLitlens, END),
  );
  check('too many distance codes', false, w =>
    ab(w.plainDynamic(true, plainLitlens, [1, 1, 1])).symbol(plainLitlens, END),
  );
  const onlyEnd = Array.from({ length: 257 }, (_, symbol) => (symbol === END ? 1 : 0));
  check('nothing but the end of the block', true, w => w.plainDynamic(true, onlyEnd, [0]).bits(0, 1));
  check('the other bit of a single literal code', false, w => w.plainDynamic(true, onlyEnd, [0]).bits(1, 1));
  const lone = (length: number): number[] => onlyEnd.map(one => one * length);
  check('a single literal code of two bits', false, w => w.plainDynamic(true, lone(2), [0]).bits(0, 2));
  check('literal codes that lack one', false, w => w.plainDynamic(true, [...plainLitlens.slice(0, 256), 3], [0]));
  check('too many literal codes', false, w => w.plainDynamic(true, [...plainLitlens.slice(0, 256), 1], [0]));
  check('no end of the block', false, w =>
    w.plainDynamic(
      true,
      plainLitlens.map((length, symbol) => (symbol === END ? 0 : symbol === 99 ? 2 : length)),
      [0],
    ),
  );
  check('287 literals and lengths', false, w => w.plainDynamic(true, [...plainLitlens, ...Array(30).fill(0)], [0]));
  check('286 literals and lengths', true, w =>
    ab(w.plainDynamic(true, [...plainLitlens, ...Array(29).fill(0)], [0])).symbol([...plainLitlens], END),
  );
  check('31 distances', false, w => w.plainDynamic(true, plainLitlens, Array(31).fill(0)));
  check('a precode that lacks one', false, w => w.dynamic(true, 257, 1, [1, 2], []));
  check('a precode of one bit', false, w => w.dynamic(true, 257, 1, [1], []));
  check('a precode of nothing', false, w => w.dynamic(true, 257, 1, [], []));
  check('too many precodes', false, w => w.dynamic(true, 257, 1, [1, 1, 1], []));
  const repeats = Array.from({ length: 19 }, (_, symbol) => (symbol < 13 ? 4 : 5));
  check('a repeat of nothing', false, w => w.dynamic(true, 257, 1, repeats, [[16, 0], ...Array(258).fill(1)]));
  const fill: LengthStep[] = [
    [18, 127],
    [18, 107],
  ]; // 138 + 118 = 256 zeros
  check('repeats right up to the end', true, w => w.dynamic(true, 257, 10, repeats, [...fill, 1, [17, 7]]).bits(0, 1));
  check('a repeat past the end', false, w => w.dynamic(true, 257, 9, repeats, [...fill, 1, [17, 7]]).bits(0, 1));
  check('a repeat from one code into the other', true, w => {
    w.dynamic(true, 258, 2, repeats, [...fill, 1, [16, 0]]).bits(0, 1);
  });
  check('the third block type', false, w => w.bits(7, 3));
  check('a stored block', true, w => w.stored(Buffer.from('hello'), false).stored(Buffer.alloc(0), true));
  check('a stored block with a wrong complement', false, w => w.stored(Buffer.from('hello'), true, 5));
  for (const symbol of [286, 287]) {
    check(`fixed code ${symbol}`, false, w => w.bits(3, 3).symbol(FIXED_LITLENS, 97).symbol(FIXED_LITLENS, symbol));
  }
  for (const distance of [0, 1, 29, 30, 31]) {
    check(`fixed distance ${distance}`, distance === 0, w => {
      w.bits(3, 3).symbol(FIXED_LITLENS, 97).symbol(FIXED_LITLENS, 257).symbol(FIXED_DISTANCES, distance);
      w.symbol(FIXED_LITLENS, END);
    });
  }
  check('the longest header', true, w => {
    const random = seeded(1);
    const litlens = completeCode(random, 286, 15, [END, ...Array(286).keys()]);
    const distances = completeCode(random, 30, 15, [...Array(30).keys()]);
    w.plainDynamic(false, litlens, distances).symbol(litlens, END);
    w.bits(3, 3).symbol(FIXED_LITLENS, END);
  });
});

/**
 * Writes blocks of random symbols in random codes, which are valid although no encoder writes them.
 */
function randomBlocks(random: (below: number) => number, blocks: number): Buffer {
  const writer = new DeflateWriter();
  let size = 0;
  for (let block = 1; block <= blocks; block += 1) {
    const last = block === blocks;
    const kind = random(6);
    if (kind === 0) {
      const bytes = Buffer.from(Array.from({ length: random(400) }, () => random(256)));
      writer.stored(bytes, last);
      size += bytes.length;
      continue;
    }
    const fixed = kind === 1;
    const litlens = fixed ? [...FIXED_LITLENS] : completeCode(random, 257 + random(30), 9 + random(7), [END, 97, 98]);
    const distances = fixed ? [...FIXED_DISTANCES] : completeCode(random, 2 + random(29), 5 + random(11), []);
    if (fixed) writer.bits(last ? 3 : 2, 3);
    else writer.plainDynamic(last, litlens, distances);
    size += writeSymbols(writer, random, { litlens, distances }, size);
    writer.symbol(litlens, END);
  }
  return writer.bytes();
}

const DISTANCE_BASES = Array.from({ length: 30 }, (_, symbol) =>
  symbol < 4 ? symbol + 1 : ((2 + (symbol & 1)) << ((symbol >> 1) - 1)) + 1,
);

/** Writes up to 500 symbols, rarely one that reaches too far back. Returns the bytes encoded. */
function writeSymbols(
  writer: DeflateWriter,
  random: (below: number) => number,
  codes: { litlens: number[]; distances: number[] },
  before: number,
): number {
  const literals = [...codes.litlens.keys()].filter(symbol => symbol < END && codes.litlens[symbol]! > 0);
  const lengths = [...codes.litlens.keys()].filter(
    symbol => symbol > END && symbol < 286 && codes.litlens[symbol]! > 0,
  );
  const careless = random(40) === 0;
  let size = 0;
  for (let i = random(500); i > 0; i -= 1) {
    const reach = before + size;
    const distances = [...codes.distances.keys()].filter(
      symbol => symbol < 30 && codes.distances[symbol]! > 0 && (careless || DISTANCE_BASES[symbol]! <= reach),
    );
    if (lengths.length === 0 || distances.length === 0 || random(3) > 0) {
      writer.symbol(codes.litlens, literals[random(literals.length)]!);
      size += 1;
      continue;
    }
    const length = lengths[random(lengths.length)]!;
    const extra = length < 265 || length === 285 ? 0 : (length - 261) >> 2;
    const more = random(1 << extra);
    writer.symbol(codes.litlens, length).bits(more, extra);
    size += length < 265 ? length - 254 : length === 285 ? 258 : ((4 + ((length - 261) & 3)) << extra) + 3 + more;
    const distance = distances[random(distances.length)]!;
    const far = distance < 4 ? 0 : (distance >> 1) - 1;
    const room = Math.max(1, Math.min(1 << far, reach - DISTANCE_BASES[distance]! + 1));
    writer.symbol(codes.distances, distance).bits(random(careless ? 1 << far : room), far);
  }
  return size;
}

test('agrees with zlib on random symbols in random codes', async () => {
  const random = seeded(2024);
  const outcomes = new Set<string>();
  let size = 0;
  for (let round = 0; round < 400; round += 1) {
    const stream = randomBlocks(random, 1 + random(12));
    await breathe(round);
    const outcome = compare(stream, [1 << 20, 1 + random(600)], `round ${round}`);
    outcomes.add(typeof outcome);
    if (typeof outcome !== 'string') size += outcome.data.length;
  }
  assert.ok(size > 1_000_000, `${size} bytes were accepted`);
  assert.deepEqual([...outcomes].sort(), ['object', 'string']);
});

/** Small streams of every kind of block. */
function smallStreams(): Buffer[] {
  const random = seeded(5);
  const words = Array.from({ length: 60 }, () => random(2 ** 20).toString(36));
  const data = Buffer.from(Array.from({ length: 150 }, () => words[random(60)]).join(' '));
  return [
    deflateRawSync(data, { level: 9 }),
    deflateRawSync(data.subarray(0, 200), { strategy: constants.Z_FIXED }),
    deflateRawSync(data.subarray(0, 60), { level: 0 }),
    deflateRawSync(Buffer.concat([Buffer.alloc(3000), data.subarray(0, 100), Buffer.alloc(2000, 'abc')]), { level: 6 }),
    randomBlocks(seeded(77), 3).subarray(0, 800),
  ];
}

test('agrees with zlib when any single bit is flipped', async () => {
  let accepted = 0;
  for (const stream of smallStreams()) {
    for (let bit = 0; bit < stream.length * 8; bit += 1) {
      await breathe(bit);
      const turned = Buffer.from(stream);
      turned[bit >> 3]! ^= 1 << (bit & 7);
      if (typeof compare(turned, [1 << 20, 1 + (bit % 90)], `bit ${bit}`) !== 'string') accepted += 1;
    }
  }
  assert.ok(accepted > 100, 'many turned bits only change the output');
});

test('agrees with zlib on streams cut at every byte', async () => {
  for (const stream of smallStreams()) {
    for (let length = 0; length < stream.length; length += 1) {
      await breathe(length);
      const outcome = compare(stream.subarray(0, length), [1 << 20, 1]);
      assert.equal(typeof outcome, 'string');
    }
  }
});

test('agrees with zlib on streams with random damage', async () => {
  const random = seeded(99);
  const long = deflateRawSync(Buffer.from(Array.from({ length: 40_000 }, () => random(1 << random(9)))), { level: 4 });
  const streams = [...smallStreams(), long];
  for (let round = 0; round < 4000; round += 1) {
    const stream = Buffer.from(streams[random(streams.length)]!);
    for (let changes = 1 + random(4); changes > 0; changes -= 1) {
      const at = random(stream.length);
      const kind = random(3);
      if (kind === 0) stream[at] = random(256);
      else if (kind === 1) stream.copyWithin(at, random(stream.length), random(stream.length));
      else stream.fill(random(2) * 255, at, Math.min(at + random(20), stream.length));
    }
    await breathe(round);
    compare(stream, [1 << 20, 1 + random(500)], `round ${round}`);
  }
});

test('agrees with zlib on random bytes', async () => {
  const random = seeded(1234);
  for (let round = 0; round < 4000; round += 1) {
    const bytes = Buffer.from(Array.from({ length: 1 + random(300) }, () => random(256)));
    // Two in three begin with a dynamic block.
    if (random(3) > 0) bytes[0] = (bytes[0]! & 0xf8) | 4 | random(2);
    await breathe(round);
    compare(bytes, [1 << 20, 1 + random(20)], `round ${round}`);
  }
});

test('reports the end and leaves the bytes after it', () => {
  assert.ok(engine);
  const stream = deflateRawSync('hello');
  const inflater = new RawInflater(engine, { write() {} });
  assert.equal(inflater.done, false);
  inflater.write(Buffer.concat([stream, Buffer.from('more')]));
  assert.equal(inflater.done, true);
  inflater.write(Buffer.from('and more'));
  assert.deepEqual(inflater.end(), { in: stream.length, out: 5 });
  assert.throws(() => inflater.write(stream), /closed/);
  assert.throws(() => inflater.end(), /closed/);
});

test('starts with a given window', () => {
  const window = Buffer.from('the words that came before, ');
  const data = Buffer.from('the words that came after');
  const stream = deflateRawSync(data, { dictionary: window });
  assert.equal(typeof ours(stream), 'string', 'it needs the window');
  assert.ok(engine);
  const parts: Buffer[] = [];
  const from = { in: 800, out: window.length, window: Buffer.concat([Buffer.alloc(40_000), window]) };
  const inflater = new RawInflater(engine, { write: chunk => parts.push(Buffer.from(chunk)) }, { from });
  inflater.write(stream);
  assert.deepEqual(inflater.end(), { in: 100 + stream.length, out: window.length + data.length });
  assert.ok(Buffer.concat(parts).equals(data));
});
