import { hasRawBytes, nameBytes } from './byteName.ts';
import type { EntryType, TarEntry } from './tarEntry.ts';
import { BLOCK } from './tarHeader.ts';

const FLAGS: Readonly<Record<EntryType, string>> = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  char: '3',
  block: '4',
  directory: '5',
  fifo: '6',
};

/** The most that a header's octal fields can say. */
const MAX_ID = 0o7777777;
const MAX_SIZE = 0o77777777777;

type PaxRecord = readonly [key: string, value: string | Buffer];

/** What is to be said of an entry; names as in {@link TarEntry}. Names of owners are left out: only their numbers mean the same everywhere. */
export type EncodedEntry = Pick<
  TarEntry,
  | 'path'
  | 'type'
  | 'mode'
  | 'uid'
  | 'gid'
  | 'mtime'
  | 'linkname'
  | 'devMajor'
  | 'devMinor'
  | 'xattrs'
  | 'sparse'
  | 'size'
>;

/**
 * The bytes before an entry's content in an archive: a ustar header, with an extended one before it for what has no room there (POSIX pax; attributes as star and GNU tar write
 * them), and, for a sparse file, the map of its pieces (GNU tar manual, "PAX Format, Version 1.0"). Whoever writes pads the content to whole blocks.
 */
export function encodeHeader(entry: EncodedEntry): Buffer {
  const map = entry.sparse ? sparseMap(entry) : Buffer.alloc(0);
  const size = map.length + storedSize(entry);
  const records = paxRecords(entry, size);
  const extended = records.length > 0 ? padded(Buffer.concat(records.map(paxRecord))) : Buffer.alloc(0);
  const length = records.reduce((sum, record) => sum + paxRecord(record).length, 0);
  const before = records.length > 0 ? [headerBlock(EXTENDED, 'x', length), extended] : [];
  return Buffer.concat([...before, headerBlock(entry, FLAGS[entry.type], size), map]);
}

/** Bytes of content that follow the header. */
export function storedSize({ type, size, sparse }: EncodedEntry): number {
  if (type !== 'file') return 0;
  return sparse ? sparse.reduce((sum, { length }) => sum + length, 0) : size;
}

/** Bytes up to the next whole block. */
export function paddingOf(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

/** A plain file's header in one block, whatever its size is. */
export function encodeFileHeader(path: string, size: number): Buffer {
  const block = headerBlock({ ...EXTENDED, path, mode: 0o644 }, '0', Math.min(size, MAX_SIZE));
  if (size <= MAX_SIZE) return block;
  // GNU's form of numbers, which every reader of today knows.
  block.writeBigUInt64BE(BigInt(size), 128);
  block.writeUInt32BE(0x80000000, 124);
  return summed(block);
}

const EXTENDED: EncodedEntry = {
  path: 'PaxHeaders/entry',
  type: 'file',
  size: 0,
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtime: 0,
  linkname: '',
  devMajor: 0,
  devMinor: 0,
};

function paxRecords(entry: EncodedEntry, size: number): PaxRecord[] {
  const { uid, gid, mtime, sparse } = entry;
  const path = nameBytes(entry.path);
  const link = nameBytes(entry.linkname);
  return [
    ...(sparse ? sparseRecords(entry) : []),
    ...(!sparse && (needsRecord(entry.path, path) || !splitName(path)) ? [['path', path] as const] : []),
    ...(needsRecord(entry.linkname, link) || link.length > 100 ? [['linkpath', link] as const] : []),
    ...(uid > MAX_ID ? [['uid', String(uid)] as const] : []),
    ...(gid > MAX_ID ? [['gid', String(gid)] as const] : []),
    ...(size > MAX_SIZE ? [['size', String(size)] as const] : []),
    ...(Number.isInteger(mtime) && mtime >= 0 && mtime <= MAX_SIZE ? [] : [['mtime', decimal(mtime)] as const]),
    ...[...(entry.xattrs ?? [])].map(([name, value]): PaxRecord =>
      name.includes('=')
        ? [`LIBARCHIVE.xattr.${encodeURIComponent(name)}`, value.toString('base64')]
        : [`SCHILY.xattr.${name}`, value],
    ),
  ];
}

/** Text that is no ASCII is said in UTF-8 again, for the header's own names are in whatever encoding the reader likes. */
function needsRecord(name: string, bytes: Buffer): boolean {
  return bytes.length !== name.length && !hasRawBytes(name);
}

function decimal(time: number): string {
  return time.toFixed(9).replace(/\.?0+$/, '');
}

function sparseRecords({ path, size }: EncodedEntry): PaxRecord[] {
  return [
    ['GNU.sparse.major', '1'],
    ['GNU.sparse.minor', '0'],
    ['GNU.sparse.name', nameBytes(path)],
    ['GNU.sparse.realsize', String(size)],
  ];
}

/** The last piece ends where the file does. */
function sparseMap({ sparse = [], size }: EncodedEntry): Buffer {
  const last = sparse.at(-1);
  const ends = last !== undefined && last.offset + last.length === size;
  const pieces = ends ? sparse : [...sparse, { offset: size, length: 0 }];
  const lines = [pieces.length, ...pieces.flatMap(({ offset, length }) => [offset, length])];
  return padded(Buffer.from(lines.map(line => `${line}\n`).join('')));
}

/** `length key=value\n`, where the length counts itself. */
function paxRecord([key, value]: PaxRecord): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from('\n')]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function headerBlock(entry: EncodedEntry, flag: string, size: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const { name, prefix } = splitName(nameBytes(entry.path)) ?? { name: nameBytes(entry.path), prefix: Buffer.alloc(0) };
  name.copy(block, 0, 0, 100);
  octal(block, 100, 8, entry.mode);
  octal(block, 108, 8, entry.uid);
  octal(block, 116, 8, entry.gid);
  octal(block, 124, 12, size);
  octal(block, 136, 12, Math.max(0, Math.floor(entry.mtime)));
  block.write(flag, 156, 'latin1');
  nameBytes(entry.linkname).copy(block, 157, 0, 100);
  block.write('ustar\x0000', 257, 'latin1');
  octal(block, 329, 8, entry.devMajor);
  octal(block, 337, 8, entry.devMinor);
  prefix.copy(block, 345);
  return summed(block);
}

/** Where a path is cut so that both parts have room in a header; `undefined` where it cannot be. */
function splitName(path: Buffer): { readonly name: Buffer; readonly prefix: Buffer } | undefined {
  if (path.length <= 100) return { name: path, prefix: Buffer.alloc(0) };
  const cut = path.indexOf('/', path.length - 101);
  if (cut <= 0 || cut > 155 || cut === path.length - 1) return undefined;
  return { name: path.subarray(cut + 1), prefix: path.subarray(0, cut) };
}

/** Digits as far as there is room; what has none is in the extended header. */
function octal(block: Buffer, at: number, width: number, value: number): void {
  const most = 8 ** (width - 1) - 1;
  block.write(
    `${Math.min(value, most)
      .toString(8)
      .padStart(width - 1, '0')}\0`,
    at,
    'latin1',
  );
}

function summed(block: Buffer): Buffer {
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(paddingOf(bytes.length))]);
}
