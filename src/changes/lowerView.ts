import { existsSync, lstatSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import type { EntryType } from '../layers/tar/tarEntry.ts';
import { readSidecar, type SidecarEntry } from '../layers/unpack/sidecar.ts';
import { StackView, type StackNode } from '../layers/unpack/stackView.ts';
import { errorCode } from '../oci/errorCode.ts';
import { UnusableChangesError } from './errors.ts';

/** Attributes that a layer gives an entry. */
export interface Attributes {
  readonly uid: number;
  readonly gid: number;
  /** The lower twelve bits. */
  readonly mode: number;
  readonly xattrs: ReadonlyMap<string, Buffer>;
}

/** What the image has at a path. */
export interface LowerEntry {
  /** `unknown` in a directory that the user can't read. */
  readonly type: Exclude<EntryType, 'hardlink'> | 'unknown';
  /** As the image says. */
  readonly claim: Attributes;
  /** As the mount shows it, if the image's owners were not restored. */
  readonly disk?: Pick<Attributes, 'uid' | 'gid' | 'mode'>;
  /** Bytes of a file. */
  readonly size: number;
  /** Seconds. */
  readonly mtime: number;
  readonly devMajor: number;
  readonly devMinor: number;
  /** Target of a symlink. */
  readonly target?: string;
  /** A file's content on disk, and what identifies it among hard links. */
  readonly file?: string | Buffer;
  readonly inode?: string;
}

const NOTHING = { size: 0, mtime: 0, devMajor: 0, devMinor: 0 };
const NO_XATTRS: ReadonlyMap<string, Buffer> = new Map();

/** An image's layers on disk as a mount shows them, with the attributes that the image claims. */
export class LowerView {
  readonly #view = new StackView();
  /** Base first, by path. */
  readonly #claims: ReadonlyMap<string, SidecarEntry>[] = [];
  readonly #folders: string[] = [];
  /** Owner of the layers on disk: who pulled the image. */
  readonly puller: { readonly uid: number; readonly gid: number };
  /** Root gave the layers the image's owners, so that a mount shows all attributes. */
  readonly restored: boolean;

  /**
   * @param layers their number
   * @throws {UnusableChangesError} a layer is not a folder; {@link InvalidSidecarError}
   */
  constructor(folder: string, layers: number) {
    const place = join(folder, 'layers');
    for (const path of ['layers', ...Array.from({ length: layers }, (_, at) => `layers/${at + 1}`)])
      if (!lstatSync(join(folder, path)).isDirectory())
        throw new UnusableChangesError(path, 'is not a folder of its own');
    const { uid, gid } = lstatSync(place);
    this.puller = { uid, gid };
    this.restored = existsSync(join(place, 'restored.json'));
    for (let number = 1; number <= layers; number++) {
      const layer = join(place, String(number));
      const { entries, opaque } = readSidecar(`${layer}.json`);
      const special = entries.filter(({ type }) => type !== undefined && type !== 'symlink');
      this.#folders.push(layer);
      this.#claims.push(new Map(entries.map(entry => [entry.path, entry])));
      this.#view.add({ folder: layer, opaque, special });
    }
  }

  /** Returns what the image has at a path, `''` being its root. */
  find(path: string): LowerEntry | undefined {
    try {
      const node = this.#view.find(path === '' ? [] : path.split('/'));
      return node && this.#describe(node, path);
    } catch (error) {
      if (errorCode(error) !== 'EACCES') throw error;
      return this.#claimed(path);
    }
  }

  /** Returns the names in a directory of the image; none if it can't be read. */
  names(path: string): readonly string[] {
    try {
      const node = this.#view.find(path === '' ? [] : path.split('/'));
      return node?.kind === 'directory' ? [...node.children.keys()] : [];
    } catch (error) {
      if (errorCode(error) !== 'EACCES') throw error;
      return [];
    }
  }

  #describe(node: StackNode, path: string): LowerEntry {
    const said = this.#claims[node.layer]?.get(path);
    const stat = this.#view.stat(node);
    if (path === '' && stat) return { ...NOTHING, type: 'directory', claim: this.#root(), mtime: seconds(stat) };
    const special = said?.type === undefined || said.type === 'symlink' ? undefined : said.type;
    if (!stat || special) {
      const { devMajor = 0, devMinor = 0, mtime = stat ? seconds(stat) : 0 } = said ?? {};
      return { ...NOTHING, type: special ?? 'unknown', claim: claimOf(said, stat), devMajor, devMinor, mtime };
    }
    const type = typeOf(stat);
    const target = node.kind === 'leaf' && type === 'symlink' ? this.#view.target(node) : undefined;
    return {
      type,
      claim: claimOf(said, stat),
      disk: { uid: stat.uid, gid: stat.gid, mode: stat.mode & 0o7777 },
      size: type === 'file' ? stat.size : 0,
      mtime: seconds(stat),
      ...(type === 'char' || type === 'block' ? deviceNumbers(stat) : { devMajor: 0, devMinor: 0 }),
      ...(target === undefined ? {} : { target }),
      ...(type === 'file' ? { file: this.#view.fileOf(node), inode: `${stat.dev}:${stat.ino}` } : {}),
    };
  }

  /**
   * Returns the root directory's attributes, which most layers don't describe: those of the topmost
   * layer that does.
   */
  #root(): Attributes {
    for (const [at, claims] of [...this.#claims.entries()].toReversed()) {
      const said = claims.get('');
      const stat = lstatSync(this.#folders[at] ?? '');
      const described = this.puller.uid === 0 && (stat.uid !== 0 || (stat.mode & 0o7777) !== 0o755);
      if (said || described) return claimOf(said, stat);
    }
    return claimOf(undefined, undefined);
  }

  /**
   * Returns what the sidecars alone say. If the image's owners were restored, they mention all
   * entries of the directories that only root can read.
   */
  #claimed(path: string): LowerEntry | undefined {
    for (const claims of this.#claims.toReversed()) {
      const said = claims.get(path);
      if (said) return { ...NOTHING, type: 'unknown', claim: claimOf(said, undefined) };
    }
    return undefined;
  }
}

function claimOf(said: SidecarEntry | undefined, stat: Stats | undefined): Attributes {
  const { uid, gid, mode } = said ?? stat ?? { uid: 0, gid: 0, mode: 0o755 };
  const xattrs = Object.entries(said?.xattrs ?? {}).map(
    ([name, value]) => [name, Buffer.from(value, 'base64')] as const,
  );
  return { uid, gid, mode: mode & 0o7777, xattrs: xattrs.length > 0 ? new Map(xattrs) : NO_XATTRS };
}

function seconds(stat: Stats): number {
  return Math.floor(stat.mtimeMs / 1000);
}

function typeOf(stat: Stats): LowerEntry['type'] {
  if (stat.isDirectory()) return 'directory';
  if (stat.isSymbolicLink()) return 'symlink';
  if (stat.isFile()) return 'file';
  if (stat.isFIFO()) return 'fifo';
  if (stat.isBlockDevice()) return 'block';
  return stat.isCharacterDevice() ? 'char' : 'unknown';
}

/** makedev(3) */
function deviceNumbers({ rdev }: Stats): { devMajor: number; devMinor: number } {
  return { devMajor: (rdev >>> 8) & 0xfff, devMinor: (rdev & 0xff) | ((rdev >>> 12) & 0xfff00) };
}
