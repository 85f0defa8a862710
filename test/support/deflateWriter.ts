/** Returns a generator of pseudorandom numbers that are the same on every run (mulberry32). */
export function seeded(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return below => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/**
 * Returns code lengths of a complete Huffman code (its Kraft sum is one) for some of `symbols`,
 * none longer than `longest`. Symbols in `must` always get a code.
 */
export function completeCode(
  random: (below: number) => number,
  symbols: number,
  longest: number,
  must: readonly number[],
): number[] {
  const used = new Set(must);
  const wanted = Math.max(2, Math.min(symbols, used.size + random(symbols)));
  while (used.size < wanted) used.add(random(symbols));
  const leaves = [0];
  while (leaves.length < used.size) {
    // Only deep trees reach the second level of a table: split the deepest leaf that can be split,
    // and sometimes any leaf.
    const open = leaves.map((depth, i) => ({ depth, i })).filter(({ depth }) => depth < longest);
    open.sort((a, b) => b.depth - a.depth);
    const room = open.at(random(3) === 0 ? 0 : random(open.length));
    if (!room) throw new Error('too many symbols for so short codes');
    leaves[room.i] = room.depth + 1;
    leaves.push(room.depth + 1);
  }
  const lengths = Array.from({ length: symbols }, () => 0);
  for (const symbol of used) lengths[symbol] = leaves.splice(random(leaves.length), 1)[0] ?? 0;
  return lengths;
}

/**
 * Returns the codes of a canonical Huffman code as they are written: first bit lowest (RFC 1951,
 * 3.2.2).
 */
function codesOf(lengths: readonly number[]): number[] {
  const codes = lengths.map(() => 0);
  let code = 0;
  for (let length = 1; length <= 15; length += 1) {
    for (const [symbol, its] of lengths.entries()) {
      if (its !== length) continue;
      codes[symbol] = Number.parseInt([...code.toString(2).padStart(length, '0')].reverse().join(''), 2);
      code += 1;
    }
    code *= 2;
  }
  return codes;
}

const PRECODE_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** A step of a code-length list: a length, or 16, 17, 18 with the value of its extra bits. */
export type LengthStep = number | readonly [16 | 17 | 18, number];

/** Writes deflate streams bit by bit, valid or not (RFC 1951). */
export class DeflateWriter {
  readonly #bytes: number[] = [];
  readonly #codes = new WeakMap<readonly number[], readonly number[]>();
  #bits = 0;

  /** The number of bits written. */
  get position(): number {
    return this.#bits;
  }

  /** Writes the low `count` bits of `value`, lowest first. */
  bits(value: number, count: number): this {
    for (let i = 0; i < count; i += 1, this.#bits += 1) {
      const at = this.#bits >> 3;
      this.#bytes[at] = (this.#bytes[at] ?? 0) | (((value >> i) & 1) << (this.#bits & 7));
    }
    return this;
  }

  stored(bytes: Uint8Array, last: boolean, complement = bytes.length ^ 0xffff): this {
    this.bits(last ? 1 : 0, 1).bits(0, 2);
    this.bits(0, (8 - (this.#bits & 7)) & 7);
    this.bits(bytes.length, 16).bits(complement, 16);
    for (const byte of bytes) this.bits(byte, 8);
    return this;
  }

  /**
   * Starts a block with its own codes. `precode` holds the lengths for the nineteen symbols;
   * `steps` describe the lengths of both codes.
   */
  dynamic(
    last: boolean,
    litlens: number,
    distances: number,
    precode: readonly number[],
    steps: readonly LengthStep[],
  ): this {
    this.bits(last ? 1 : 0, 1).bits(2, 2);
    this.bits(litlens - 257, 5).bits(distances - 1, 5);
    let count = 19;
    while (count > 4 && (precode[PRECODE_ORDER[count - 1]!] ?? 0) === 0) count -= 1;
    this.bits(count - 4, 4);
    for (const symbol of PRECODE_ORDER.slice(0, count)) this.bits(precode[symbol] ?? 0, 3);
    const codes = codesOf(precode);
    for (const step of steps) {
      const [symbol, extra] = typeof step === 'number' ? [step, 0] : step;
      this.bits(codes[symbol] ?? 0, precode[symbol] ?? 0);
      if (symbol >= 16) this.bits(extra, symbol === 16 ? 2 : symbol === 17 ? 3 : 7);
    }
    return this;
  }

  /** Does the same with every length written separately, in four- and five-bit codes. */
  plainDynamic(last: boolean, litlens: readonly number[], distances: readonly number[]): this {
    // Sixteen lengths and three repeats: 13 codes of four bits, 6 of five.
    const precode = Array.from({ length: 19 }, (_, symbol) => (symbol < 13 ? 4 : 5));
    return this.dynamic(last, litlens.length, distances.length, precode, [...litlens, ...distances]);
  }

  /** Writes one symbol of the code with these lengths. */
  symbol(lengths: readonly number[], symbol: number): this {
    const codes = this.#codes.get(lengths) ?? codesOf(lengths);
    this.#codes.set(lengths, codes);
    return this.bits(codes[symbol] ?? 0, lengths[symbol] ?? 0);
  }

  bytes(): Buffer {
    return Buffer.from(this.#bytes);
  }
}

/** The lengths of the fixed codes (RFC 1951, 3.2.6). */
export const FIXED_LITLENS: readonly number[] = Array.from({ length: 288 }, (_, symbol) =>
  symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8,
);
export const FIXED_DISTANCES: readonly number[] = Array.from({ length: 32 }, () => 5);
