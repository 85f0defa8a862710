import { open, type FileHandle } from 'node:fs/promises';
import { sniffCompression } from '../layers/compression/decompress.ts';
import { splitPath } from '../layers/tar/entryPath.ts';
import type { TarEntry } from '../layers/tar/tarEntry.ts';
import { TarReader } from '../layers/tar/tarReader.ts';
import { InvalidLocalImageError, readPart, type LocalFiles } from './layoutFiles.ts';

/** Where in an archive a file's bytes are. */
interface Member {
  readonly start: number;
  readonly size: number;
}

const CHUNK = 1 << 20;
/** No image archive has more files. */
const MAX_MEMBERS = 100_000;
/** Old Docker archives link to identical layers. A longer chain is a loop. */
const MAX_LINKS = 8;

/**
 * The files of a tar archive, read in place. Names are only compared, never resolved by the system.
 */
export class TarFiles implements LocalFiles {
  readonly path: string;
  readonly #members: ReadonlyMap<string, Member | string>;

  private constructor(path: string, members: ReadonlyMap<string, Member | string>) {
    this.path = path;
    this.#members = members;
  }

  /**
   * Scans an archive for its files.
   * @throws {InvalidLocalImageError} it isn't a tar archive, or is compressed
   */
  static async open(path: string, signal: AbortSignal): Promise<TarFiles> {
    const file = await open(path, 'r');
    try {
      return new TarFiles(path, await readMembers(path, file, signal));
    } finally {
      await file.close();
    }
  }

  async size(name: string): Promise<number | undefined> {
    return this.#find(name)?.size;
  }

  async read(name: string, start: number, end: number): Promise<Buffer> {
    const member = this.#find(name);
    if (!member) throw new InvalidLocalImageError(this.path, `it has no ${name}`);
    const cut = (): Error => new InvalidLocalImageError(this.path, `its ${name} is cut short`);
    if (end > member.size) throw cut();
    const file = await open(this.path, 'r');
    try {
      return await readPart(file, member.start + start, member.start + end, cut);
    } finally {
      await file.close();
    }
  }

  #find(name: string): Member | undefined {
    let found = this.#members.get(splitPath(name)?.join('/') ?? '');
    for (let links = 0; typeof found === 'string' && links < MAX_LINKS; links++) found = this.#members.get(found);
    return typeof found === 'string' ? undefined : found;
  }
}

async function readMembers(
  path: string,
  file: FileHandle,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Member | string>> {
  const members = new Map<string, Member | string>();
  const reader = new TarReader({
    entry: entry => {
      const [name, member] = memberOf(entry, reader.position) ?? [];
      if (name !== undefined && member !== undefined) members.set(name, member);
      if (members.size > MAX_MEMBERS) throw new InvalidLocalImageError(path, 'it has too many files');
    },
    data() {},
    endEntry() {},
  });
  const buffer = Buffer.allocUnsafe(CHUNK);
  for (let at = 0; ;) {
    signal.throwIfAborted();
    const { bytesRead } = await file.read(buffer, 0, CHUNK, at);
    if (bytesRead === 0) break;
    if (at === 0) refuseCompressed(path, buffer.subarray(0, Math.min(bytesRead, 6)));
    try {
      reader.write(buffer.subarray(0, bytesRead));
    } catch (cause) {
      throw new InvalidLocalImageError(path, 'it is not a tar archive, or is damaged', { cause });
    }
    at += bytesRead;
  }
  return members;
}

function refuseCompressed(path: string, first: Buffer): void {
  let compression: string;
  try {
    compression = sniffCompression(first);
  } catch (cause) {
    throw new InvalidLocalImageError(path, 'it is compressed as a whole; decompress it first', { cause });
  }
  if (compression !== 'none')
    throw new InvalidLocalImageError(path, `it is compressed with ${compression} as a whole; decompress it first`);
}

/** Returns a file's name with its place, or a link's with its target. */
function memberOf(
  { path, type, size, sparse, linkname }: TarEntry,
  start: number,
): [string, Member | string] | undefined {
  const names = splitPath(path);
  if (!names || names.length === 0) return undefined;
  const name = names.join('/');
  if (type === 'file' && !sparse) return [name, { start, size }];
  if (type !== 'symlink' && type !== 'hardlink') return undefined;
  const target = splitPath(type === 'symlink' ? `${names.slice(0, -1).join('/')}/${linkname}` : linkname);
  return target && [name, target.join('/')];
}
