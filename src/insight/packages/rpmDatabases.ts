import { DamagedDatabaseError, partOf, Visits } from './byteReader.ts';
import { tableRows } from './sqliteTable.ts';

/** The headers of all packages in a database of rpm, in whichever of its three formats. @param log of SQLite, if there is one @throws {DamagedDatabaseError} */
export function rpmHeaders(file: Buffer, log?: Buffer): Generator<Buffer> {
  if (file.toString('latin1', 0, 6) === 'SQLite') return sqliteHeaders(file, log);
  if (file.toString('latin1', 0, 4) === 'RpmP') return ndbHeaders(file);
  return berkeleyHeaders(file);
}

function* sqliteHeaders(file: Buffer, log: Buffer | undefined): Generator<Buffer> {
  for (const [, header] of tableRows(file, 'Packages', log)) if (Buffer.isBuffer(header)) yield header;
}

const NDB_PAGE = 4096;
const NDB_SLOT = 16;
const NDB_BLOCK = 16;

/** rpm's own `Packages.db` (rpm, lib/backend/ndb/rpmpkg.c): pages of slots, each of which names the blocks of a package. All numbers little-endian. */
function* ndbHeaders(file: Buffer): Generator<Buffer> {
  const slots = partOf(file, 0, partOf(file, 12, 4).readUInt32LE() * NDB_PAGE);
  // The file's own header takes the room of two slots.
  for (let at = 2 * NDB_SLOT; at < slots.length; at += NDB_SLOT) {
    if (slots.toString('latin1', at, at + 4) !== 'Slot') throw new DamagedDatabaseError('a slot of it is no slot');
    const start = slots.readUInt32LE(at + 8) * NDB_BLOCK;
    if (start === 0) continue;
    const blob = partOf(file, start, NDB_BLOCK);
    if (blob.toString('latin1', 0, 4) !== 'BlbS' || blob.readUInt32LE(4) !== slots.readUInt32LE(at + 4))
      throw new DamagedDatabaseError('a slot of it leads to no package');
    yield partOf(file, start + NDB_BLOCK, blob.readUInt32LE(12));
  }
}

const HASH_MAGIC = 0x061561;
const BERKELEY_HEADER = 26;
const PAGE_TYPES = { unsortedHash: 2, overflow: 7, hash: 13 } as const;
const ITEM_TYPES = { here: 1, elsewhere: 3 } as const;

/** `Packages`, a hash table of Berkeley DB (db-5.3, src/dbinc/db_page.h), in the byte order of the machine that made it. */
function* berkeleyHeaders(file: Buffer): Generator<Buffer> {
  const numbers = numbersOf(file);
  const size = numbers.wide(file, 20);
  if (size < 512 || size > 65_536) throw new DamagedDatabaseError('its pages have an impossible size');
  const visits = new Visits();
  for (let at = size; at + size <= file.length; at += size) {
    const page = file.subarray(at, at + size);
    const type = page.readUInt8(25);
    if (type !== PAGE_TYPES.hash && type !== PAGE_TYPES.unsortedHash) continue;
    const count = numbers.narrow(page, 20);
    const places = partOf(page, BERKELEY_HEADER, 2 * count);
    // Keys and values take turns. Items lie one before the other from the page's end.
    for (let item = 1; item < count; item += 2) {
      const start = numbers.narrow(places, 2 * item);
      const value = partOf(page, start, numbers.narrow(places, 2 * item - 2) - start);
      const header = berkeleyValue(file, value, { numbers, size, visits });
      // Under the key 0 is no package but the highest number of one.
      if (header.length >= 8) yield header;
    }
  }
}

interface Berkeley {
  readonly numbers: Numbers;
  readonly size: number;
  readonly visits: Visits;
}

function berkeleyValue(file: Buffer, value: Buffer, { numbers, size, visits }: Berkeley): Buffer {
  const type = partOf(value, 0, 1).readUInt8();
  if (type === ITEM_TYPES.here) return value.subarray(1);
  if (type !== ITEM_TYPES.elsewhere) throw new DamagedDatabaseError('a value of it is of a strange kind');
  let left = numbers.wide(partOf(value, 0, 12), 8);
  const parts: Buffer[] = [];
  for (let next = numbers.wide(value, 4); left > 0;) {
    visits.add(next);
    const page = partOf(file, next * size, size);
    if (page.readUInt8(25) !== PAGE_TYPES.overflow) throw new DamagedDatabaseError('a value of it has no end');
    const part = partOf(page, BERKELEY_HEADER, Math.min(left, numbers.narrow(page, 22)));
    if (part.length === 0) throw new DamagedDatabaseError('a value of it has no end');
    parts.push(part);
    left -= part.length;
    next = numbers.wide(page, 16);
  }
  return Buffer.concat(parts);
}

/** Reads numbers in one byte order. */
interface Numbers {
  wide(bytes: Buffer, at: number): number;
  narrow(bytes: Buffer, at: number): number;
}

function numbersOf(file: Buffer): Numbers {
  const magic = partOf(file, 0, 512).subarray(12, 16);
  if (magic.readUInt32LE() === HASH_MAGIC)
    return { wide: (bytes, at) => bytes.readUInt32LE(at), narrow: (bytes, at) => bytes.readUInt16LE(at) };
  if (magic.readUInt32BE() === HASH_MAGIC)
    return { wide: (bytes, at) => bytes.readUInt32BE(at), narrow: (bytes, at) => bytes.readUInt16BE(at) };
  throw new DamagedDatabaseError('it is of no kind that rpm makes');
}
