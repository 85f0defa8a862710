import { inflateRawSync } from 'node:zlib';

/** A zip archive is damaged, of an unknown form, or too large. */
export class ZipError extends Error {
  constructor(problem: string) {
    super(problem);
    this.name = 'ZipError';
  }
}

/** A file in a zip archive. */
export interface ZipEntry {
  readonly name: string;
  /** Bytes, as the directory says. */
  readonly size: number;
  readonly method: number;
  readonly start: number;
  readonly packedSize: number;
}

const END = 0x06054b50;
const END_LENGTH = 22;
const ENTRY = 0x02014b50;
const ENTRY_LENGTH = 46;
const LOCAL = 0x04034b50;
const LOCAL_LENGTH = 30;
/** The end may be followed by a comment. */
const COMMENT = 0xffff;
const STORED = 0;
const DEFLATED = 8;

/** Lists the files of a zip archive by its directory (APPNOTE 6.3.10). @throws {ZipError} */
export function zipEntries(file: Buffer): ZipEntry[] {
  const end = endOf(file);
  const count = file.readUInt16LE(end + 10);
  const size = file.readUInt32LE(end + 12);
  // A program may precede the archive, which moves its offsets.
  const before = end - size - file.readUInt32LE(end + 16);
  if (before < 0 || count === 0xffff) throw new ZipError('is a zip archive that is damaged or in the form Zip64');
  const entries: ZipEntry[] = [];
  for (let at = end - size; entries.length < count;) {
    if (at + ENTRY_LENGTH > end || file.readUInt32LE(at) !== ENTRY) throw new ZipError('has a damaged directory');
    const nameLength = file.readUInt16LE(at + 28);
    entries.push({
      name: file.toString('utf8', at + ENTRY_LENGTH, at + ENTRY_LENGTH + nameLength),
      method: file.readUInt16LE(at + 10),
      packedSize: file.readUInt32LE(at + 20),
      size: file.readUInt32LE(at + 24),
      start: before + file.readUInt32LE(at + 42),
    });
    at += ENTRY_LENGTH + nameLength + file.readUInt16LE(at + 30) + file.readUInt16LE(at + 32);
  }
  return entries;
}

function endOf(file: Buffer): number {
  for (let at = file.length - END_LENGTH; at >= Math.max(0, file.length - END_LENGTH - COMMENT); at--)
    if (file.readUInt32LE(at) === END) return at;
  throw new ZipError('is not a zip archive');
}

/** Returns a file's content. @param most in bytes @throws {ZipError} */
export function readZipEntry(file: Buffer, { start, packedSize, method }: ZipEntry, most: number): Buffer {
  if (start + LOCAL_LENGTH > file.length || file.readUInt32LE(start) !== LOCAL)
    throw new ZipError('has a damaged directory');
  const from = start + LOCAL_LENGTH + file.readUInt16LE(start + 26) + file.readUInt16LE(start + 28);
  const packed = file.subarray(from, from + packedSize);
  if (method === STORED && packed.length <= most) return packed;
  if (method !== DEFLATED) throw new ZipError('has a file that is too large, or compressed in an unknown way');
  try {
    return inflateRawSync(packed, { maxOutputLength: most });
  } catch {
    throw new ZipError('has a file that is damaged or too large');
  }
}
