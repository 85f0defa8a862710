import { DamagedDatabaseError, partOf } from './databaseBytes.ts';
import type { OwningPackage } from './packageParagraphs.ts';

const TAGS = {
  name: 1000,
  version: 1001,
  release: 1002,
  epoch: 1003,
  license: 1014,
  arch: 1022,
  oldFileNames: 1027,
  sourceRpm: 1044,
  folderIndexes: 1116,
  baseNames: 1117,
  folderNames: 1118,
} as const;
const INT32 = 4;
const STRING = 6;
const STRING_ARRAY = 8;
/** Bytes of an entry: tag, type, offset, count. */
const ENTRY = 16;

/**
 * Reads a package's header as a database stores it: number of entries, length of the data, entries,
 * data. All numbers are big-endian (rpm.org, "RPM V4 Package format").
 * @throws {DamagedDatabaseError}
 */
export function readRpmHeader(bytes: Buffer): OwningPackage {
  const header = new Header(bytes);
  const name = header.text(TAGS.name);
  const version = header.text(TAGS.version);
  if (name === undefined || version === undefined) throw new DamagedDatabaseError('it has a package without a name');
  const [epoch] = header.numbers(TAGS.epoch);
  const release = header.text(TAGS.release);
  const prefix = epoch === undefined ? '' : `${epoch}:`;
  const suffix = release === undefined ? '' : `-${release}`;
  const arch = header.text(TAGS.arch);
  const license = header.text(TAGS.license);
  const source = header.text(TAGS.sourceRpm);
  return {
    name,
    version: prefix + version + suffix,
    ...(arch ? { arch } : {}),
    ...(license ? { license } : {}),
    // Source packages are named by their file.
    ...(source && source !== '(none)' ? { source: source.replace(/\.(?:no)?src\.rpm$/, '') } : {}),
    files: filesOf(header),
  };
}

/** Returns the package's files, which it stores as names and numbers of folders. */
function filesOf(header: Header): readonly string[] {
  const names = header.texts(TAGS.baseNames);
  if (names.length === 0) return header.texts(TAGS.oldFileNames).map(withoutSlash);
  const folders = header.texts(TAGS.folderNames).map(withoutSlash);
  const indexes = header.numbers(TAGS.folderIndexes);
  return names.map((name, at) => `${folders[indexes[at] ?? 0] ?? ''}${name}`);
}

function withoutSlash(path: string): string {
  return path.replace(/^\/+/, '');
}

class Header {
  readonly #entries: Buffer;
  readonly #data: Buffer;

  constructor(header: Buffer) {
    const count = partOf(header, 0, 8).readUInt32BE(0);
    this.#entries = partOf(header, 8, count * ENTRY);
    this.#data = partOf(header, 8 + this.#entries.length, header.readUInt32BE(4));
  }

  text(tag: number): string | undefined {
    const value = this.#find(tag, STRING);
    return value?.data.toString('utf8', 0, Math.max(0, value.data.indexOf(0)));
  }

  texts(tag: number): readonly string[] {
    const { data, count } = this.#find(tag, STRING_ARRAY) ?? { data: Buffer.alloc(0), count: 0 };
    const texts: string[] = [];
    for (let at = 0, end = data.indexOf(0); texts.length < count && end >= 0; at = end + 1, end = data.indexOf(0, at))
      texts.push(data.toString('utf8', at, end));
    return texts;
  }

  numbers(tag: number): readonly number[] {
    const found = this.#find(tag, INT32);
    if (!found) return [];
    const bytes = partOf(found.data, 0, 4 * found.count);
    return Array.from({ length: found.count }, (_, at) => bytes.readUInt32BE(4 * at));
  }

  #find(tag: number, type: number): { readonly data: Buffer; readonly count: number } | undefined {
    const entries = this.#entries;
    for (let at = 0; at < entries.length; at += ENTRY) {
      if (entries.readUInt32BE(at) !== tag || entries.readUInt32BE(at + 4) !== type) continue;
      const offset = entries.readUInt32BE(at + 8);
      return { data: partOf(this.#data, offset, this.#data.length - offset), count: entries.readUInt32BE(at + 12) };
    }
    return undefined;
  }
}
