/** A FlatBuffer does not match its schema, or refers to places outside its bytes. */
export class InvalidFlatBufferError extends Error {
  constructor(problem: string, options?: ErrorOptions) {
    super(`The FlatBuffer cannot be read: ${problem}`, options);
    this.name = 'InvalidFlatBufferError';
  }
}

/**
 * One table of an untrusted FlatBuffer (flatbuffers.dev, "FlatBuffers Internals"). Fields go by
 * their number in the schema; absent ones have its default. Every offset is checked. The package
 * `flatbuffers` checks none: its ByteBuffer reads zeros beyond the end.
 * @throws {InvalidFlatBufferError} from all methods
 */
export class FlatTable {
  readonly #bytes: Buffer;
  readonly #at: number;
  readonly #fields: number;
  readonly #fieldsLength: number;

  private constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
    this.#fields = at - number(bytes, 'readInt32LE', at);
    this.#fieldsLength = number(bytes, 'readUInt16LE', this.#fields);
  }

  /** Returns the root table of a buffer. */
  static root(bytes: Buffer): FlatTable {
    return new FlatTable(bytes, number(bytes, 'readUInt32LE', 0));
  }

  byte(field: number, fallback = 0): number {
    return this.#number(field, 'readUInt8', fallback);
  }

  int32(field: number, fallback = 0): number {
    return this.#number(field, 'readInt32LE', fallback);
  }

  uint32(field: number, fallback = 0): number {
    return this.#number(field, 'readUInt32LE', fallback);
  }

  /** Returns a 64-bit number within JavaScript's safe integers. */
  int64(field: number, fallback = 0): number {
    const value = this.#number(field, 'readBigInt64LE', fallback);
    if (!Number.isSafeInteger(value)) throw new InvalidFlatBufferError('a number is too large');
    return value;
  }

  table(field: number): FlatTable | undefined {
    const at = this.#target(field);
    return at === undefined ? undefined : new FlatTable(this.#bytes, at);
  }

  /** Returns the bytes of a string or byte vector, empty if it is absent. */
  bytes(field: number): Buffer {
    const at = this.#target(field);
    return at === undefined ? Buffer.alloc(0) : bytesAt(this.#bytes, at);
  }

  /** Returns the length of a vector of tables or strings. */
  count(field: number): number {
    const at = this.#target(field);
    if (at === undefined) return 0;
    const count = number(this.#bytes, 'readUInt32LE', at);
    if (count > (this.#bytes.length - at - 4) / 4) throw new InvalidFlatBufferError('a list reaches beyond the end');
    return count;
  }

  /** Returns an element of a vector of tables. */
  tableAt(field: number, at: number): FlatTable {
    return new FlatTable(this.#bytes, this.#element(field, at));
  }

  /** Returns an element of a vector of strings. */
  bytesAt(field: number, at: number): Buffer {
    return bytesAt(this.#bytes, this.#element(field, at));
  }

  #element(field: number, at: number): number {
    const place = (this.#target(field) ?? 0) + 4 + 4 * at;
    return place + number(this.#bytes, 'readUInt32LE', place);
  }

  #target(field: number): number | undefined {
    const at = this.#place(field);
    return at === undefined ? undefined : at + number(this.#bytes, 'readUInt32LE', at);
  }

  #number(field: number, read: Read, fallback: number): number {
    const at = this.#place(field);
    return at === undefined ? fallback : number(this.#bytes, read, at);
  }

  #place(field: number): number | undefined {
    const slot = 4 + 2 * field;
    if (slot + 2 > this.#fieldsLength) return undefined;
    const offset = number(this.#bytes, 'readUInt16LE', this.#fields + slot);
    return offset === 0 ? undefined : this.#at + offset;
  }
}

type Read = 'readUInt8' | 'readUInt16LE' | 'readInt32LE' | 'readUInt32LE' | 'readBigInt64LE';

/** Reads a number; Node checks the offset. */
function number(bytes: Buffer, read: Read, at: number): number {
  try {
    return Number(bytes[read](at));
  } catch (cause) {
    throw new InvalidFlatBufferError('an offset is out of bounds', { cause });
  }
}

function bytesAt(bytes: Buffer, at: number): Buffer {
  const length = number(bytes, 'readUInt32LE', at);
  if (length > bytes.length - at - 4) throw new InvalidFlatBufferError('a string reaches beyond the end');
  return bytes.subarray(at + 4, at + 4 + length);
}
