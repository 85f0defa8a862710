import { DamagedDatabaseError, partOf, Visits } from './databaseBytes.ts';

/** A value as SQLite stores it. */
export type SqliteValue = null | number | string | Buffer;

const MAGIC = 'SQLite format 3\0';
const INTERIOR = 0x05;
const LEAF = 0x0d;
/** Bytes before the b-tree of the first page. */
const FILE_HEADER = 100;

/**
 * Yields the rows of a table of an SQLite database (sqlite.org/fileformat2.html), in the order of
 * their rowids. A column that aliases the rowid reads as null.
 * @param log the write-ahead log
 * @throws {DamagedDatabaseError}
 */
export function* tableRows(file: Buffer, table: string, log?: Buffer): Generator<readonly SqliteValue[]> {
  const database = new Database(file, log);
  for (const [type, name, , root] of database.rows(1)) {
    if (type !== 'table' || name !== table || typeof root !== 'number') continue;
    yield* database.rows(root);
    return;
  }
  throw new DamagedDatabaseError(`it has no table ${table}`);
}

class Database {
  readonly #file: Buffer;
  readonly #pageSize: number;
  /** Usable bytes of a page. */
  readonly #usable: number;

  /** Pages of the log, which replace those of the file, by number. */
  readonly #newer: ReadonlyMap<number, Buffer>;

  constructor(file: Buffer, log: Buffer | undefined) {
    const header = partOf(file, 0, FILE_HEADER);
    if (header.toString('latin1', 0, MAGIC.length) !== MAGIC)
      throw new DamagedDatabaseError('it is not an SQLite database');
    const size = header.readUInt16BE(16);
    this.#file = file;
    this.#pageSize = size === 1 ? 65_536 : size;
    this.#usable = this.#pageSize - header.readUInt8(20);
    if (this.#pageSize < 512 || this.#usable < 480) throw new DamagedDatabaseError('its page size is invalid');
    this.#newer = log ? pagesOfLog(log, this.#pageSize) : new Map();
  }

  /** Yields the rows of a b-tree, without recursion, since a hostile one may be deep. */
  *rows(root: number): Generator<readonly SqliteValue[]> {
    const visits = new Visits();
    const open = [root];
    for (let number = open.pop(); number !== undefined; number = open.pop()) {
      visits.add(number);
      const page = this.#page(number);
      const at = number === 1 ? FILE_HEADER : 0;
      const type = page.readUInt8(at);
      if (type !== LEAF && type !== INTERIOR) throw new DamagedDatabaseError('one of its pages has an unknown type');
      const cells = this.#cells(page, at, type === LEAF ? 8 : 12);
      if (type === LEAF) for (const cell of cells) yield recordOf(this.#payload(page, cell, visits));
      else open.push(page.readUInt32BE(at + 8), ...cells.map(cell => partOf(page, cell, 4).readUInt32BE()).reverse());
    }
  }

  #page(number: number): Buffer {
    if (number === 0) throw new DamagedDatabaseError('one of its pages is missing');
    return this.#newer.get(number) ?? partOf(this.#file, (number - 1) * this.#pageSize, this.#pageSize);
  }

  /** Returns where the cells of a page start. */
  #cells(page: Buffer, at: number, header: number): number[] {
    const pointers = partOf(page, at + header, 2 * page.readUInt16BE(at + 3));
    return Array.from({ length: pointers.length / 2 }, (_, cell) => pointers.readUInt16BE(2 * cell));
  }

  /** Returns the record in a leaf's cell, whose end may be in a chain of overflow pages. */
  #payload(page: Buffer, cell: number, visits: Visits): Buffer {
    const cursor = new Cursor(page, cell);
    const length = cursor.varint();
    cursor.varint();
    const local = this.#localPart(length);
    const first = partOf(page, cursor.at, local);
    if (local === length) return first;
    if (length > this.#file.length + this.#newer.size * this.#pageSize)
      throw new DamagedDatabaseError('one of its rows is larger than the database');
    const parts = [first];
    let next = partOf(page, cursor.at + local, 4).readUInt32BE();
    for (let left = length - local; left > 0; left -= this.#usable - 4) {
      visits.add(next);
      const overflow = this.#page(next);
      parts.push(overflow.subarray(4, 4 + Math.min(left, this.#usable - 4)));
      next = overflow.readUInt32BE();
    }
    return Buffer.concat(parts);
  }

  #localPart(length: number): number {
    const most = this.#usable - 35;
    if (length <= most) return length;
    const least = Math.floor(((this.#usable - 12) * 32) / 255) - 23;
    const part = least + ((length - least) % (this.#usable - 4));
    return part <= most ? part : least;
  }
}

const LOG_HEADER = 32;
const FRAME_HEADER = 24;

/**
 * Returns the last committed version of each page in a write-ahead log
 * (sqlite.org/fileformat2.html#walformat). What follows its last commit, or is left of an older
 * log, is ignored.
 */
function pagesOfLog(log: Buffer, pageSize: number): ReadonlyMap<number, Buffer> {
  const committed = new Map<number, Buffer>();
  if (log.length < LOG_HEADER || log.readUInt32BE(0) >>> 1 !== 0x377f0682 >>> 1 || log.readUInt32BE(8) !== pageSize)
    return committed;
  const salt = log.subarray(16, 24);
  const pending = new Map<number, Buffer>();
  for (let at = LOG_HEADER; at + FRAME_HEADER + pageSize <= log.length; at += FRAME_HEADER + pageSize) {
    if (!log.subarray(at + 8, at + 16).equals(salt)) break;
    pending.set(log.readUInt32BE(at), log.subarray(at + FRAME_HEADER, at + FRAME_HEADER + pageSize));
    if (log.readUInt32BE(at + 4) === 0) continue;
    for (const [number, page] of pending) committed.set(number, page);
    pending.clear();
  }
  return committed;
}

/** Reads variable-length integers: big-endian, seven bits per byte, eight in the ninth. */
class Cursor {
  readonly #bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  varint(): number {
    let value = 0;
    for (let count = 1; count <= 9; count++) {
      const byte = partOf(this.#bytes, this.at++, 1).readUInt8();
      if (count === 9) return value * 256 + byte;
      value = value * 128 + (byte & 0x7f);
      if (byte < 0x80) break;
    }
    return value;
  }
}

function recordOf(payload: Buffer): SqliteValue[] {
  const header = new Cursor(payload, 0);
  const headerLength = header.varint();
  const values: SqliteValue[] = [];
  for (let at = headerLength; header.at < headerLength;) {
    const type = header.varint();
    const bytes = partOf(payload, at, lengthOf(type));
    values.push(valueOf(type, bytes));
    at += bytes.length;
  }
  return values;
}

/** Bytes per serial type: null, integers of 8 to 64 bits, a double, 0 and 1. */
const LENGTHS = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0] as const;

function lengthOf(type: number): number {
  return LENGTHS[type] ?? Math.floor((type - 12) / 2);
}

function valueOf(type: number, bytes: Buffer): SqliteValue {
  if (type === 0) return null;
  if (type === 6) return Number(bytes.readBigInt64BE());
  if (type === 7) return bytes.readDoubleBE();
  if (type === 8 || type === 9) return type - 8;
  if (type < 8) return bytes.readIntBE(0, bytes.length);
  return type % 2 === 0 ? bytes : bytes.toString('utf8');
}
