import { Header, type HeaderData } from 'tar/header';
import { Pax } from 'tar/pax';
import { hasRawBytes, nameBytes } from './byteName.ts';
import type { EntryType, TarEntry } from './tarEntry.ts';
import { BLOCK, paddingOf } from './tarHeader.ts';

const TYPES = {
  file: 'File',
  hardlink: 'Link',
  symlink: 'SymbolicLink',
  char: 'CharacterDevice',
  block: 'BlockDevice',
  directory: 'Directory',
  fifo: 'FIFO',
} as const satisfies Record<EntryType, HeaderData['type']>;

/** The latest time that fits into a header's octal digits. */
const MAX_TIME = 0o77777777777;

/** `Header` can't split longer paths, and would try for a time that grows by the square of them. */
const LONGEST_SPLIT = 256;

const EPOCH = new Date(0);
const NOTHING = Buffer.alloc(0);

/** The two empty blocks that end an archive. */
export const END_MARK = Buffer.alloc(2 * BLOCK);

/** The fields of an entry to write. Owners have no names, as only their numbers are portable. */
export type EncodedEntry = Omit<TarEntry, 'storedSize'>;

/**
 * Returns the bytes that precede an entry's content: a ustar header; before it, a PAX header for
 * what does not fit (POSIX pax; xattrs as star and GNU tar write them); after it, a sparse file's
 * map (GNU tar manual, "PAX Format, Version 1.0"). The caller pads the content to whole blocks.
 *
 * The package's `Header` and `Pax` encode everything that is text. Names with raw bytes, xattrs,
 * sparse maps and fractions of a second, which they lack, are added here.
 */
export function encodeHeader(entry: EncodedEntry): Buffer {
  const { path, linkname, uid, gid, mtime, sparse, xattrs } = entry;
  const map = sparse ? sparseMap(entry) : NOTHING;
  const size = map.length + storedSize(entry);
  const header = new Header({
    path: hasRawBytes(path) ? '' : path.length > LONGEST_SPLIT ? path.slice(0, 99) : path,
    linkpath: hasRawBytes(linkname) ? '' : linkname,
    type: TYPES[entry.type],
    mode: entry.mode,
    uid,
    gid,
    size,
    mtime: new Date(Math.min(Math.max(0, Math.floor(mtime)), MAX_TIME) * 1000),
    devmaj: entry.devMajor,
    devmin: entry.devMinor,
  });
  const fits = !header.encode() && isShort(path);
  const block = header.block ?? NOTHING;
  const records = Buffer.concat([
    Buffer.from(fits ? '' : textRecords(entry, size)),
    rawName(block, 0, 'path', path),
    rawName(block, 157, 'linkpath', linkname),
    isHeaderTime(mtime) ? NOTHING : record('mtime', decimal(mtime)),
    ...(sparse ? sparseRecords(entry) : []),
    ...[...(xattrs ?? [])].map(([name, value]) => xattrRecord(name, value)),
  ]);
  return Buffer.concat([records.length > 0 ? paxHeader(records) : NOTHING, block, map]);
}

/**
 * Returns the header of a plain file. Its length depends on the path alone, so it can be written
 * once the content's size is known: a size over 8 GiB is a base-256 number (GNU tar manual, "Basic
 * Tar Format"), which all current tools read.
 */
export function encodeFileHeader(path: string, size: number): Buffer {
  const header = new Header({ path, type: 'File', mode: 0o644, uid: 0, gid: 0, size, mtime: EPOCH });
  header.encode();
  return Buffer.concat([isShort(path) ? NOTHING : new Pax({ path }).encode(), header.block ?? NOTHING]);
}

/** Longer paths get a record, because `Header` loses "..", "//" and trailing slashes in them. */
function isShort(path: string): boolean {
  return Buffer.byteLength(path) < 100;
}

/** Returns how many bytes of content follow the header. */
export function storedSize({ type, size, sparse }: EncodedEntry): number {
  if (type !== 'file') return 0;
  return sparse ? sparse.reduce((sum, { length }) => sum + length, 0) : size;
}

function paxHeader(records: Buffer): Buffer {
  const header = new Header({
    path: 'PaxHeader/entry',
    type: 'ExtendedHeader',
    mode: 0o644,
    uid: 0,
    gid: 0,
    size: records.length,
    mtime: EPOCH,
  });
  header.encode();
  return Buffer.concat([header.block ?? NOTHING, padded(records)]);
}

function textRecords({ path, linkname, uid, gid }: EncodedEntry, size: number): string {
  return new Pax({
    uid,
    gid,
    size,
    ...(hasRawBytes(path) ? {} : { path }),
    ...(linkname === '' || hasRawBytes(linkname) ? {} : { linkpath: linkname }),
  }).encodeBody();
}

/** Writes a name that is not text into its field, and returns a record if it is too long. */
function rawName(block: Buffer, at: number, key: string, name: string): Buffer {
  if (!hasRawBytes(name)) return NOTHING;
  const bytes = nameBytes(name);
  bytes.copy(block, at, 0, 100);
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return bytes.length > 100 ? record(key, bytes) : NOTHING;
}

function isHeaderTime(mtime: number): boolean {
  return Number.isInteger(mtime) && mtime >= 0 && mtime <= MAX_TIME;
}

function decimal(time: number): string {
  return time.toFixed(9).replace(/\.?0+$/, '');
}

/** A key ends at its first "=", so a name with one is escaped as in a URL, like libarchive's. */
function xattrRecord(name: string, value: Buffer): Buffer {
  if (!name.includes('=')) return record(`SCHILY.xattr.${name}`, value);
  const escaped = nameBytes(name)
    .toString('latin1')
    .replace(/[^\w.-]/g, toPercent);
  return record(`LIBARCHIVE.xattr.${escaped}`, value.toString('base64'));
}

function toPercent(byte: string): string {
  return `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

function sparseRecords({ path, size }: EncodedEntry): Buffer[] {
  return [
    record('GNU.sparse.major', '1'),
    record('GNU.sparse.minor', '0'),
    record('GNU.sparse.name', nameBytes(path)),
    record('GNU.sparse.realsize', String(size)),
  ];
}

/** The last piece must end where the file does. */
function sparseMap({ sparse = [], size }: EncodedEntry): Buffer {
  const last = sparse.at(-1);
  const ends = last !== undefined && last.offset + last.length === size;
  const pieces = ends ? sparse : [...sparse, { offset: size, length: 0 }];
  const lines = [pieces.length, ...pieces.flatMap(({ offset, length }) => [offset, length])];
  return padded(Buffer.from(lines.map(line => `${line}\n`).join('')));
}

/** `length key=value\n`, where the length counts itself. */
function record(key: string, value: string | Buffer): Buffer {
  const rest = Buffer.concat([nameBytes(` ${key}=`), Buffer.from(value), Buffer.from('\n')]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(paddingOf(bytes.length))]);
}
