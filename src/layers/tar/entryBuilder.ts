import { decodeName } from './byteName.ts';
import { InvalidLayerError } from '../errors.ts';
import { MAX_META, PaxRecords } from './pax.ts';
import type { EntryType, Segment, TarEntry } from './tarEntry.ts';
import type { RawHeader } from './tarHeader.ts';

const TYPES: Readonly<Record<string, EntryType>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  S: 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'char',
  '4': 'block',
  '5': 'directory',
  D: 'directory',
  '6': 'fifo',
};

/** A sparse file's size with its holes, and what of it is stored. */
export interface SparseFile {
  readonly realSize: number;
  readonly segments: readonly Segment[];
}

/** Gathers what the meta headers before an entry say, and joins it with the entry's own header. */
export class EntryBuilder {
  #global = new PaxRecords(16 * MAX_META);
  #local: PaxRecords | undefined;
  #longName: string | undefined;
  #longLink: string | undefined;

  /** Something was said of an entry that has not come yet. */
  get pending(): boolean {
    return this.#local !== undefined || this.#longName !== undefined || this.#longLink !== undefined;
  }

  /** Records for the entry that comes (the flag is `x` or Solaris' `X`), records for all that come (`g`), a long name (`L`) or link target (`K`). */
  addMeta(flag: string, body: Buffer): void {
    if (flag === 'g') this.#global.add(body);
    else if (flag === 'L') this.#longName = upToNul(body);
    else if (flag === 'K') this.#longLink = upToNul(body);
    else {
      this.#local ??= new PaxRecords(2 * MAX_META, this.#global);
      this.#local.add(body);
    }
  }

  /** What the extended headers say of the entry that comes. */
  get records(): PaxRecords {
    return this.#local ?? this.#global;
  }

  /** Bytes that stand in the archive behind the entry's header. @throws {InvalidLayerError} */
  bodySize(raw: RawHeader): number {
    const type = TYPES[raw.flag];
    if (type !== undefined && type !== 'file' && raw.flag !== 'D') return 0;
    const size = this.records.number('size', raw.size);
    if (!Number.isSafeInteger(size) || size < 0) throw new InvalidLayerError('an entry has an impossible size');
    return size;
  }

  /** The finished entry; `undefined` for a kind that is none of a file system's. What was gathered is used up. */
  build(raw: RawHeader, storedSize: number, sparse: SparseFile | undefined): TarEntry | undefined {
    const { records } = this;
    const type = typeOf(raw);
    const entry = type && {
      path: this.#longName ?? records.name('GNU.sparse.name', records.name('path', raw.name)),
      type,
      size: type === 'file' ? (sparse?.realSize ?? storedSize) : 0,
      storedSize: type === 'file' ? storedSize : 0,
      mode: raw.mode,
      uid: id(records.number('uid', raw.uid)),
      gid: id(records.number('gid', raw.gid)),
      mtime: records.number('mtime', raw.mtime),
      linkname: isLink(type) ? (this.#longLink ?? records.name('linkpath', raw.linkname)) : '',
      devMajor: raw.devMajor,
      devMinor: raw.devMinor,
      ...(records.xattrs.size > 0 ? { xattrs: records.xattrs } : {}),
      ...(sparse ? { sparse: sparse.segments } : {}),
    };
    this.#local = undefined;
    this.#longName = undefined;
    this.#longLink = undefined;
    return entry;
  }
}

/** A v7 archive has directories only by the slash at the name's end. */
function typeOf(raw: RawHeader): EntryType | undefined {
  return raw.flag === '\0' && raw.name.endsWith('/') ? 'directory' : TYPES[raw.flag];
}

function isLink(type: EntryType): boolean {
  return type === 'symlink' || type === 'hardlink';
}

/** Owners are 32 bits wide, and the highest is none: what cannot be an owner is nobody's. */
function id(value: number): number {
  return Number.isInteger(value) && value >= 0 && value < 0xffffffff ? value : 65534;
}

function upToNul(body: Buffer): string {
  const end = body.indexOf(0);
  return decodeName(body, 0, end < 0 ? body.length : end);
}
