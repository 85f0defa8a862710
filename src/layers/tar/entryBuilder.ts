import { decodeName } from './byteName.ts';
import { InvalidLayerError } from '../errors.ts';
import { PaxRecords } from './pax.ts';
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

const NO_RECORDS = new PaxRecords();

/** A file's size including its holes, and the segments of it that are stored. */
export interface SparseFile {
  readonly realSize: number;
  readonly segments: readonly Segment[];
}

/**
 * Joins an entry's header with the meta headers before it.
 *
 * Follows Go's archive/tar, so that Peel shows the files that container engines, all written in Go,
 * run: of several extended headers only the last counts, and a global one, which POSIX applies to
 * all later entries, has no effect but to discard the headers before it.
 */
export class EntryBuilder {
  #records: PaxRecords | undefined;
  #longName = '';
  #longLink = '';

  /** True while meta headers wait for their entry. */
  get pending(): boolean {
    return this.#records !== undefined || this.#longName !== '' || this.#longLink !== '';
  }

  /**
   * Takes a meta header: `x` or Solaris' `X`, the global `g`, or a long name (`L`) or link target
   * (`K`).
   * @throws {InvalidLayerError}
   */
  addMeta(flag: string, body: Buffer): void {
    if (flag === 'L') this.#longName = upToNul(body);
    else if (flag === 'K') this.#longLink = upToNul(body);
    else {
      const records = new PaxRecords(body);
      if (flag === 'g') this.#clear();
      else this.#records = records;
    }
  }

  /** The records of the extended header before the next entry. */
  get records(): PaxRecords {
    return this.#records ?? NO_RECORDS;
  }

  /** Returns how many bytes of body follow the entry's header. @throws {InvalidLayerError} */
  bodySize(raw: RawHeader): number {
    const type = this.#typeOf(raw);
    if (type !== undefined && type !== 'file' && raw.flag !== 'D') return 0;
    const size = this.records.number('size', raw.size);
    if (!Number.isSafeInteger(size) || size < 0) throw new InvalidLayerError('an entry has an impossible size');
    return size;
  }

  /** Returns the entry, or `undefined` if its type is not a file's. Forgets the meta headers. */
  build(raw: RawHeader, storedSize: number, sparse: SparseFile | undefined): TarEntry | undefined {
    const { records } = this;
    const type = this.#typeOf(raw);
    const entry = type && {
      path: this.#pathOf(raw),
      type,
      size: type === 'file' ? (sparse?.realSize ?? storedSize) : 0,
      storedSize: type === 'file' ? storedSize : 0,
      mode: raw.mode,
      uid: owner(records.clamped('uid', raw.uid)),
      gid: owner(records.clamped('gid', raw.gid)),
      mtime: records.clamped('mtime', raw.mtime),
      linkname: isLink(type) ? this.#longLink || records.name('linkpath', raw.linkname) : '',
      devMajor: raw.devMajor,
      devMinor: raw.devMinor,
      ...(records.xattrs.size > 0 ? { xattrs: records.xattrs } : {}),
      ...(sparse ? { sparse: sparse.segments } : {}),
    };
    this.#clear();
    return entry;
  }

  #clear(): void {
    this.#records = undefined;
    this.#longName = '';
    this.#longLink = '';
  }

  #pathOf(raw: RawHeader): string {
    return this.#longName || this.records.name('GNU.sparse.name', this.records.name('path', raw.name));
  }

  /** In v7 archives only a slash at the name's end makes a directory. */
  #typeOf(raw: RawHeader): EntryType | undefined {
    return raw.flag === '\0' && this.#pathOf(raw).endsWith('/') ? 'directory' : TYPES[raw.flag];
  }
}

function isLink(type: EntryType): boolean {
  return type === 'symlink' || type === 'hardlink';
}

/**
 * Owners have 32 bits, and the highest number means none. What cannot be an owner becomes "nobody".
 */
function owner(value: number): number {
  return Number.isInteger(value) && value >= 0 && value < 0xffffffff ? value : 65534;
}

function upToNul(body: Buffer): string {
  const end = body.indexOf(0);
  return decodeName(body, 0, end < 0 ? body.length : end);
}
