/** The kinds of entries by name, with their type flags (POSIX pax, ustar interchange format). */
const TYPE_FLAGS = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  char: '3',
  block: '4',
  directory: '5',
  fifo: '6',
} as const;

/** An entry of an archive. Everything can be set to values that no proper tool would write. */
export interface Entry {
  readonly path: string | Buffer;
  readonly type?: keyof typeof TYPE_FLAGS;
  /** A custom type flag in place of `type`'s. */
  readonly flag?: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** Seconds; may be negative or have a fraction. Default: the year 2024. */
  readonly mtime?: number;
  readonly body?: string | Uint8Array;
  /** The size in the header; default: the body's length. */
  readonly size?: number;
  readonly linkpath?: string | Buffer;
  readonly major?: number;
  readonly minor?: number;
  readonly xattrs?: Readonly<Record<string, string | Uint8Array>>;
  /** Further PAX records. They come last, and so take precedence. */
  readonly pax?: Readonly<Record<string, string | Uint8Array>>;
  /** How to write values that don't fit a plain header; default `pax`. */
  readonly format?: 'pax' | 'gnu';
  /** Changes the finished header; the checksum is computed afterwards. */
  readonly patch?: (header: Buffer) => void;
  /** A wrong checksum. */
  readonly checksum?: number;
}

const BLOCK = 512;
/** 2024-01-01T00:00:00Z: a fixed time makes archives the same on every run. */
export const FIXED_TIME = 1_704_067_200;

/**
 * Returns a tar archive of entries and raw bytes in this order, with the two empty blocks at its
 * end.
 */
export function tar(...parts: readonly (Entry | Uint8Array)[]): Buffer {
  return Buffer.concat([tarWithoutEnd(...parts), Buffer.alloc(2 * BLOCK)]);
}

/** Returns the same without the end marker. */
export function tarWithoutEnd(...parts: readonly (Entry | Uint8Array)[]): Buffer {
  return Buffer.concat(parts.map(part => (part instanceof Uint8Array ? part : encodeEntry(part))));
}

/** Returns an entry with its extended headers and its padded body. */
export function encodeEntry(entry: Entry): Buffer {
  const body = Buffer.from(entry.body ?? '');
  const path = Buffer.from(entry.path);
  const link = Buffer.from(entry.linkpath ?? '');
  const records: [string, string | Uint8Array][] = [];
  const before: Buffer[] = [];
  if (entry.format === 'gnu') {
    if (path.length > 100) before.push(longName('L', path));
    if (link.length > 100) before.push(longName('K', link));
  } else {
    if (path.length > 100 || !isAscii(path)) records.push(['path', path]);
    if (link.length > 100 || !isAscii(link)) records.push(['linkpath', link]);
    for (const name of ['uid', 'gid'] as const) {
      if ((entry[name] ?? 0) > 0o7777777) records.push([name, String(entry[name])]);
    }
    if ((entry.size ?? body.length) > 0o77777777777) records.push(['size', String(entry.size)]);
    const mtime = entry.mtime ?? FIXED_TIME;
    if (mtime < 0 || !Number.isInteger(mtime)) records.push(['mtime', String(mtime)]);
  }
  for (const [name, value] of Object.entries(entry.xattrs ?? {})) records.push([`SCHILY.xattr.${name}`, value]);
  records.push(...Object.entries(entry.pax ?? {}));
  if (records.length > 0) before.push(pax(Object.fromEntries(records)));
  return Buffer.concat([...before, header(entry, path, link, body.length), padded(body)]);
}

/** An extended header (`x`) for the next entry, or a global one (`g`) for all following entries. */
export function pax(records: Readonly<Record<string, string | Uint8Array>>, flag: 'x' | 'g' = 'x'): Buffer {
  const body = Buffer.concat(Object.entries(records).map(([name, value]) => paxRecord(name, value)));
  return encodeEntry({ path: 'PaxHeaders/entry', flag, body, mode: 0o644 });
}

/** `length name=value\n`, where the length includes itself. */
export function paxRecord(name: string, value: string | Uint8Array): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${name}=`), Buffer.from(value), Buffer.from('\n')]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function longName(flag: string, name: Buffer): Buffer {
  return encodeEntry({ path: '././@LongLink', flag, body: Buffer.concat([name, Buffer.alloc(1)]), mtime: 0 });
}

function header(entry: Entry, path: Buffer, link: Buffer, length: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const gnu = entry.format === 'gnu';
  path.copy(block, 0, 0, 100);
  number(block, 100, 8, entry.mode ?? (entry.type === 'directory' ? 0o755 : 0o644), gnu);
  number(block, 108, 8, entry.uid ?? 0, gnu);
  number(block, 116, 8, entry.gid ?? 0, gnu);
  number(block, 124, 12, entry.size ?? length, gnu);
  number(block, 136, 12, Math.floor(entry.mtime ?? FIXED_TIME), gnu);
  block.write(entry.flag ?? TYPE_FLAGS[entry.type ?? 'file'], 156, 1, 'latin1');
  link.copy(block, 157, 0, 100);
  block.write(gnu ? 'ustar  \0' : 'ustar\x0000', 257, 'latin1');
  number(block, 329, 8, entry.major ?? 0, gnu);
  number(block, 337, 8, entry.minor ?? 0, gnu);
  entry.patch?.(block);
  block.fill(' ', 148, 156);
  const sum = entry.checksum ?? block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/**
 * Octal if it fits; GNU's base-256 on request; else the highest value that fits (the PAX record has
 * the real one).
 */
function number(block: Buffer, at: number, width: number, value: number, gnu: boolean): void {
  const most = 8 ** (width - 1) - 1;
  if (gnu && (value < 0 || value > most)) {
    let rest = BigInt(value);
    for (let index = at + width - 1; index >= at; index--) {
      block[index] = Number(rest & 0xffn);
      rest >>= 8n;
    }
    block[at] = value < 0 ? 0xff : 0x80;
    return;
  }
  const octal = Math.max(0, Math.min(value, most)).toString(8);
  block.write(`${octal.padStart(width - 1, '0')}\0`, at, 'latin1');
}

function padded(body: Buffer): Buffer {
  const rest = body.length % BLOCK;
  return rest === 0 ? body : Buffer.concat([body, Buffer.alloc(BLOCK - rest)]);
}

function isAscii(bytes: Buffer): boolean {
  return bytes.every(byte => byte < 0x80);
}

type Extras = Omit<Entry, 'path' | 'type' | 'body' | 'linkpath'>;

export function file(path: string | Buffer, body: string | Uint8Array = '', extras: Extras = {}): Entry {
  return { path, body, ...extras };
}

export function directory(path: string | Buffer, extras: Extras = {}): Entry {
  return { path, type: 'directory', ...extras };
}

export function symlink(path: string | Buffer, linkpath: string | Buffer, extras: Extras = {}): Entry {
  return { path, type: 'symlink', linkpath, mode: 0o777, ...extras };
}

export function hardlink(path: string | Buffer, linkpath: string | Buffer, extras: Extras = {}): Entry {
  return { path, type: 'hardlink', linkpath, ...extras };
}

export function fifo(path: string | Buffer, extras: Extras = {}): Entry {
  return { path, type: 'fifo', ...extras };
}

export function device(
  path: string | Buffer,
  type: 'char' | 'block',
  major: number,
  minor: number,
  extras: Extras = {},
): Entry {
  return { path, type, major, minor, ...extras };
}

/** Hides a path of the layers below (image-spec, layer.md#whiteouts). */
export function whiteout(path: string): Entry {
  const slash = path.lastIndexOf('/') + 1;
  return { path: `${path.slice(0, slash)}.wh.${path.slice(slash)}` };
}

/** Hides everything that the layers below have in a directory. */
export function opaque(folder: string): Entry {
  return { path: `${folder.replace(/\/$/, '')}/.wh..wh..opq` };
}

/**
 * A segment of a sparse file: bytes at an offset, with holes in between. Tools write whole blocks
 * of 512 bytes, except for the last segment.
 */
export interface Segment {
  readonly offset: number;
  readonly data: Buffer;
}

/** A sparse file in GNU tar's own format, its default (`S`, with a chain of map blocks). */
export function gnuSparse(path: string, size: number, segments: readonly Segment[], extras: Extras = {}): Entry {
  const map = [...segments, ...(endsAt(segments, size) ? [] : [{ offset: size, data: Buffer.alloc(0) }])];
  const more: Buffer[] = [];
  for (let at = 4; at < map.length; at += 21) {
    const block = Buffer.alloc(BLOCK);
    sparseMap(block, 0, map.slice(at, at + 21));
    block[504] = at + 21 < map.length ? 1 : 0;
    more.push(block);
  }
  const data = Buffer.concat(map.map(segment => segment.data));
  return {
    path,
    flag: 'S',
    format: 'gnu',
    ...extras,
    size: data.length,
    // The map's blocks are between header and data, and are not part of the size.
    body: Buffer.concat([...more, data]),
    patch: block => {
      sparseMap(block, 386, map.slice(0, 4));
      block[482] = map.length > 4 ? 1 : 0;
      number(block, 483, 12, size, true);
      extras.patch?.(block);
    },
  };
}

function sparseMap(block: Buffer, at: number, map: readonly Segment[]): void {
  for (const [index, { offset, data }] of map.entries()) {
    number(block, at + index * 24, 12, offset, true);
    number(block, at + index * 24 + 12, 12, data.length, true);
  }
}

/** A sparse file in PAX format 1.0, where the map precedes the data in the body. */
export function paxSparse(path: string, size: number, segments: readonly Segment[], extras: Extras = {}): Entry {
  const map = [...segments, ...(endsAt(segments, size) ? [] : [{ offset: size, data: Buffer.alloc(0) }])];
  const numbers = [map.length, ...map.flatMap(({ offset, data }) => [offset, data.length])];
  const head = padded(Buffer.from(numbers.map(value => `${value}\n`).join('')));
  return {
    path: `GNUSparseFile.0/${path.slice(path.lastIndexOf('/') + 1)}`,
    ...extras,
    body: Buffer.concat([head, ...map.map(segment => segment.data)]),
    pax: {
      'GNU.sparse.major': '1',
      'GNU.sparse.minor': '0',
      'GNU.sparse.name': path,
      'GNU.sparse.realsize': String(size),
      ...extras.pax,
    },
  };
}

function endsAt(segments: readonly Segment[], size: number): boolean {
  if (segments.slice(0, -1).some(({ data }) => data.length % BLOCK !== 0))
    throw new Error('segments must be whole blocks');
  const last = segments.at(-1);
  return last !== undefined && last.offset + last.data.length === size;
}
