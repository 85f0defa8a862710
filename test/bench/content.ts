const POOL = 32 << 20;

/** Returns a generator of pseudorandom numbers that are the same on every machine (xorshift32). */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed + 1, 0x9e3779b9) | 1;
  }

  /** Returns an integer from 0 to `below` - 1. */
  below(below: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return Math.floor(((x >>> 0) / 2 ** 32) * below);
  }

  /**
   * Returns small integers often and large ones rarely, like the distribution of words and machine
   * instructions.
   */
  seldom(below: number): number {
    const part = this.below(1 << 24) / (1 << 24);
    return Math.floor(below * part ** 7);
  }

  /** Returns approximately normally distributed numbers: mean 0, deviation 1. */
  normal(): number {
    let sum = 0;
    for (let count = 0; count < 12; count++) sum += this.below(1 << 24) / (1 << 24);
    return sum - 6;
  }
}

/**
 * Synthetic file content that compresses like an image's: text to a third, machine code to almost
 * half, packed data not at all. Pieces are cut from pools much longer than gzip's window.
 */
export class Content {
  readonly #chance: Chance;
  readonly #text = textPool(new Chance(11));
  readonly #code = codePool(new Chance(12));
  readonly #packed = packedPool(new Chance(13));

  constructor(seed: number) {
    this.#chance = new Chance(seed);
  }

  /** Returns the content of one file, up to 16 MiB. */
  file(size: number): Buffer {
    const kind = this.#chance.below(100);
    const pool = kind < 45 ? this.#text : kind < 97 ? this.#code : this.#packed;
    const from = this.#chance.below(pool.length - size);
    return pool.subarray(from, from + size);
  }
}

function textPool(chance: Chance): Buffer {
  const letters = 'etaoinshrdlucmfwypvbgkqjxz_.';
  const words = Array.from({ length: 6000 }, () =>
    Array.from({ length: 2 + chance.below(9) }, () => letters[chance.seldom(letters.length)]).join(''),
  );
  const ends = [' ', ' ', ' ', ' ', ', ', '\n', '\n    ', '(', ');\n', ' = '];
  const pool = Buffer.alloc(POOL);
  for (let at = 0; at < POOL;) {
    at += pool.write(words[chance.seldom(words.length)] ?? '', at, 'latin1');
    at += pool.write(ends[chance.below(ends.length)] ?? '', at, 'latin1');
  }
  return pool;
}

function codePool(chance: Chance): Buffer {
  const patterns = Array.from({ length: 2500 }, () =>
    Buffer.from(Array.from({ length: 2 + chance.below(6) }, () => chance.seldom(256))),
  );
  const pool = Buffer.alloc(POOL);
  for (let at = 0; at < POOL - 16;) {
    const pattern = patterns[chance.seldom(patterns.length)] ?? Buffer.alloc(1);
    at += pattern.copy(pool, at);
    if (chance.below(6) === 0) pool[at++] = chance.below(256);
    if (chance.below(12) === 0) at += 3;
  }
  return pool;
}

function packedPool(chance: Chance): Buffer {
  const words = Int32Array.from({ length: POOL / 4 }, () => chance.below(2 ** 32));
  return Buffer.from(words.buffer);
}
