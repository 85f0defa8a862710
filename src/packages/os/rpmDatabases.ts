import { DamagedDatabaseError, partOf, Visits } from './databaseBytes.ts';
import { tableRows } from './sqliteTable.ts';

/**
 * Yields the headers of all packages in an rpm database, in any of its three formats.
 * @param log SQLite's write-ahead log
 * @throws {DamagedDatabaseError}
 */
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

/**
 * Reads rpm's own `Packages.db` (rpm, lib/backend/ndb/rpmpkg.c): pages of slots, each of which
 * locates the blocks of a package. All numbers are little-endian.
 */
function* ndbHeaders(file: Buffer): Generator<Buffer> {
  const slots = partOf(file, 0, partOf(file, 12, 4).readUInt32LE() * NDB_PAGE);
  // The file's header takes up two slots.
  for (let at = 2 * NDB_SLOT; at < slots.length; at += NDB_SLOT) {
    if (slots.toString('latin1', at, at + 4) !== 'Slot') throw new DamagedDatabaseError('one of its slots is invalid');
    const start = slots.readUInt32LE(at + 8) * NDB_BLOCK;
    if (start === 0) continue;
    const blob = partOf(file, start, NDB_BLOCK);
    if (blob.toString('latin1', 0, 4) !== 'BlbS' || blob.readUInt32LE(4) !== slots.readUInt32LE(at + 4))
      throw new DamagedDatabaseError('one of its slots has no package');
    yield partOf(file, start + NDB_BLOCK, blob.readUInt32LE(12));
  }
}

const HASH_MAGIC = 0x061561;
const BERKELEY_HEADER = 26;
const PAGE_TYPES = { unsortedHash: 2, overflow: 7, hash: 13 } as const;
const ITEM_TYPES = { inline: 1, overflow: 3 } as const;

/**
 * Reads `Packages`, a hash table of Berkeley DB (db-5.3, src/dbinc/db_page.h), in the byte order of
 * the machine that wrote it.
 */
function* berkeleyHeaders(file: Buffer): Generator<Buffer> {
  const numbers = numbersOf(file);
  const size = numbers.wide(file, 20);
  if (size < 512 || size > 65_536) throw new DamagedDatabaseError('its page size is invalid');
  const visits = new Visits();
  for (let at = size; at + size <= file.length; at += size) {
    const page = file.subarray(at, at + size);
    const type = page.readUInt8(25);
    if (type !== PAGE_TYPES.hash && type !== PAGE_TYPES.unsortedHash) continue;
    const count = numbers.narrow(page, 20);
    const places = partOf(page, BERKELEY_HEADER, 2 * count);
    // Keys and values alternate. Items are laid out backwards from the end of the page.
    for (let item = 1; item < count; item += 2) {
      const start = numbers.narrow(places, 2 * item);
      const value = partOf(page, start, numbers.narrow(places, 2 * item - 2) - start);
      const header = berkeleyValue(file, value, { numbers, size, visits });
      // The key 0 has the highest package number instead of a package.
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
  if (type === ITEM_TYPES.inline) return value.subarray(1);
  if (type !== ITEM_TYPES.overflow) throw new DamagedDatabaseError('one of its values has an unknown type');
  let left = numbers.wide(partOf(value, 0, 12), 8);
  const parts: Buffer[] = [];
  for (let next = numbers.wide(value, 4); left > 0;) {
    visits.add(next);
    const page = partOf(file, next * size, size);
    if (page.readUInt8(25) !== PAGE_TYPES.overflow) throw new DamagedDatabaseError('one of its values has no end');
    const part = partOf(page, BERKELEY_HEADER, Math.min(left, numbers.narrow(page, 22)));
    if (part.length === 0) throw new DamagedDatabaseError('one of its values has no end');
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
  throw new DamagedDatabaseError('rpm has no such format');
}
