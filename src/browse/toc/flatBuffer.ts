/** A FlatBuffer is not what its schema says, or reaches out of its bytes. */
export class InvalidFlatBufferError extends Error {
  constructor(problem: string, options?: ErrorOptions) {
    super(`The FlatBuffer cannot be read: ${problem}`, options);
    this.name = 'InvalidFlatBufferError';
  }
}

/**
 * Reads one table of a FlatBuffer (flatbuffers.dev, "FlatBuffers Internals") from somebody who is not trusted: fields by their number in the schema, every place checked. What is absent has the
 * schema's default.
 * @throws {InvalidFlatBufferError} from every method
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

  /** The table that the whole buffer is. */
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

  /** A 64-bit number that can be counted with. */
  int64(field: number, fallback = 0): number {
    const value = this.#number(field, 'readBigInt64LE', fallback);
    if (!Number.isSafeInteger(value)) throw new InvalidFlatBufferError('a number is too large');
    return value;
  }

  table(field: number): FlatTable | undefined {
    const at = this.#target(field);
    return at === undefined ? undefined : new FlatTable(this.#bytes, at);
  }

  /** A string's or a byte vector's bytes, as they stand in the buffer; empty where it is absent. */
  bytes(field: number): Buffer {
    const at = this.#target(field);
    return at === undefined ? Buffer.alloc(0) : bytesAt(this.#bytes, at);
  }

  /** How many elements a vector has of tables or strings. */
  count(field: number): number {
    const at = this.#target(field);
    if (at === undefined) return 0;
    const count = number(this.#bytes, 'readUInt32LE', at);
    if (count > (this.#bytes.length - at - 4) / 4) throw new InvalidFlatBufferError('a list reaches beyond the end');
    return count;
  }

  /** An element of a vector of tables. */
  tableAt(field: number, at: number): FlatTable {
    return new FlatTable(this.#bytes, this.#element(field, at));
  }

  /** An element of a vector of strings. */
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

/** Node checks the place. */
function number(bytes: Buffer, read: Read, at: number): number {
  try {
    return Number(bytes[read](at));
  } catch (cause) {
    throw new InvalidFlatBufferError('a place in it lies outside', { cause });
  }
}

function bytesAt(bytes: Buffer, at: number): Buffer {
  const length = number(bytes, 'readUInt32LE', at);
  if (length > bytes.length - at - 4) throw new InvalidFlatBufferError('a text reaches beyond the end');
  return bytes.subarray(at + 4, at + 4 + length);
}
