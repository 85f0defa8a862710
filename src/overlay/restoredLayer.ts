import type { Stats } from 'node:fs';
import type { EntryType } from '../layers/tar/tarEntry.ts';
import { isWhiteout } from '../layers/unpack/stackView.ts';
import { walkLayer, type Found } from './layerWalk.ts';
import type { Restorable, RestorableEntries } from './restorable.ts';

/** An entry of a restored layer, without its content or symlink target. */
export interface RestoredItem {
  readonly path: string;
  readonly type: EntryType;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  /** Milliseconds. */
  readonly mtimeMs: number;
  readonly xattrs: ReadonlyMap<string, Buffer>;
  /** Of a hard link. */
  readonly target?: string;
  readonly major?: number;
  readonly minor?: number;
}

/** What a layer's restored layer must contain (see restore.ts). */
export interface RestoredLayerPlan {
  readonly layer: number;
  /**
   * Parents before their children; every parent is a directory of this list. Empty if none is
   * needed.
   */
  readonly items: readonly RestoredItem[];
  readonly skipped: readonly string[];
}

/** Counts the names that files have in all layers, to find files with further names elsewhere. */
export class LinkCount {
  readonly #files = new Map<string, { path: string; missing: number }>();

  add({ path, stat }: Found): void {
    if (!stat.isFile() || stat.nlink === 1) return;
    const key = `${stat.dev}:${stat.ino}`;
    const file = this.#files.get(key);
    if (file === undefined) this.#files.set(key, { path, missing: stat.nlink - 1 });
    else file.missing--;
  }

  /** Returns a file with a name outside the layers. */
  outside(): string | undefined {
    for (const { path, missing } of this.#files.values()) if (missing > 0) return path;
    return undefined;
  }
}

interface Attributes {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  readonly xattrs: ReadonlyMap<string, Buffer>;
}

const NO_XATTRS: ReadonlyMap<string, Buffer> = new Map();

export interface RestoredLayerRequest {
  readonly layer: number;
  readonly folder: string;
  readonly sidecar: RestorableEntries;
  /** User id whose files become root's; 0 if they stay as they are. */
  readonly owner: number;
  readonly links: LinkCount;
}

/** Compares a layer on disk with what the image says of it. */
export async function planRestoredLayer(
  request: RestoredLayerRequest,
  signal?: AbortSignal,
): Promise<RestoredLayerPlan> {
  const wishes = new Map(request.sidecar.entries.map(entry => [entry.path, entry]));
  const found = new Map<string, Found>();
  for await (const item of walkLayer(request.folder, signal)) {
    found.set(item.path, item);
    request.links.add(item);
  }
  const skipped = [...request.sidecar.refused];
  const restored = new RestoredLayer(found, wishes, request.owner);
  for (const item of found.values()) if (item.path !== '') restored.consider(item);
  for (const entry of request.sidecar.entries) {
    if (entry.path !== '' && !found.has(entry.path)) {
      const reason = restored.considerMissing(entry);
      if (reason !== undefined) skipped.push(`${JSON.stringify(entry.path)}: ${reason}`);
    }
  }
  const reasons = skipped.map(line => `layer ${request.layer}, ${line}`);
  return { layer: request.layer, items: restored.items(), skipped: reasons };
}

/** Collects the entries of one restored layer. */
class RestoredLayer {
  readonly #found: ReadonlyMap<string, Found>;
  readonly #wishes: ReadonlyMap<string, Restorable>;
  readonly #owner: number;
  readonly #items = new Map<string, RestoredItem>();
  readonly #names = new Map<number, string[]>();

  constructor(found: ReadonlyMap<string, Found>, wishes: ReadonlyMap<string, Restorable>, owner: number) {
    this.#found = found;
    this.#wishes = wishes;
    this.#owner = owner;
    for (const { path, stat } of found.values()) {
      if (!stat.isFile() || stat.nlink === 1) continue;
      const names = this.#names.get(stat.ino);
      if (names === undefined) this.#names.set(stat.ino, [path]);
      else names.push(path);
    }
  }

  items(): RestoredItem[] {
    return [...this.#items.values()].sort((left, right) => (left.path < right.path ? -1 : 1));
  }

  /** Adds an entry on disk, if the layer itself would not show it as the image says. */
  consider({ path, stat }: Found): void {
    if (this.#items.has(path) || stat.isSocket()) return;
    const wish = this.#wishes.get(path);
    const wanted = this.#wanted(stat, wish);
    // A whiteout keeps the place of a device that could not be made.
    if (wish?.special !== undefined && !stat.isDirectory())
      this.#put(path, wanted, timeOf(wish) ?? stat.mtimeMs, wish.special);
    else if (isWhiteout(stat) || !this.#differs(stat, wanted)) return;
    else if (stat.isFile()) this.#putFile(path, stat, wanted);
    else this.#put(path, wanted, stat.mtimeMs, kindOf(stat));
  }

  /** Adds what could not be made on disk. @returns why it cannot be made now */
  considerMissing(entry: Restorable): string | undefined {
    if (entry.special === undefined) return 'it is not on the disk';
    for (let parent = parentOf(entry.path); parent !== ''; parent = parentOf(parent)) {
      const there = this.#found.get(parent);
      if (there !== undefined && !there.stat.isDirectory()) return 'one of its parents is not a directory';
      if (there === undefined && this.#wishes.has(parent)) return 'a parent of it is not on the disk';
    }
    this.#put(entry.path, entry, timeOf(entry) ?? 0, entry.special);
    return undefined;
  }

  /** Returns the attributes wanted; the disk is right about what the sidecar does not mention. */
  #wanted(stat: Stats, wish: Restorable | undefined): Attributes {
    return wish ?? { uid: stat.uid, gid: stat.gid, mode: stat.mode & 0o7777, xattrs: NO_XATTRS };
  }

  /** Whether it becomes root's in place. */
  #isGiven(stat: Stats): boolean {
    return this.#owner !== 0 && stat.uid === this.#owner;
  }

  #differs(stat: Stats, wanted: Attributes): boolean {
    const given = this.#isGiven(stat);
    if (wanted.uid !== (given ? 0 : stat.uid) || wanted.gid !== (given ? 0 : stat.gid)) return true;
    if (wanted.xattrs.size > 0) return true;
    if (stat.isSymbolicLink()) return false;
    // chown(2) clears setuid and setgid bits of anything but directories.
    const shown = stat.mode & (given && !stat.isDirectory() ? 0o1777 : 0o7777);
    return wanted.mode !== shown;
  }

  /** Adds all names of a file, so that they stay one file. */
  #putFile(path: string, stat: Stats, wanted: Attributes): void {
    const names = this.#names.get(stat.ino) ?? [path];
    const [first = path, ...others] = names.toSorted();
    this.#put(first, wanted, stat.mtimeMs, { type: 'file' });
    for (const name of others) this.#put(name, wanted, stat.mtimeMs, { type: 'hardlink', target: first });
  }

  #put(
    path: string,
    wanted: Attributes,
    mtimeMs: number,
    kind: Pick<RestoredItem, 'type' | 'target' | 'major' | 'minor'>,
  ): void {
    this.#putParent(parentOf(path));
    const { uid, gid, mode, xattrs } = wanted;
    this.#items.set(path, { path, uid, gid, mode, xattrs, mtimeMs, ...kind });
  }

  /**
   * Adds the parent. A restored layer's directories cover the layer's in a mount, so they carry the
   * same attributes.
   */
  #putParent(path: string): void {
    if (path === '' || this.#items.has(path)) return;
    const there = this.#found.get(path);
    const wanted: Attributes =
      there === undefined
        ? { uid: 0, gid: 0, mode: 0o755, xattrs: NO_XATTRS }
        : this.#wanted(there.stat, this.#wishes.get(path));
    this.#put(path, wanted, there?.stat.mtimeMs ?? 0, { type: 'directory' });
  }
}

/** In milliseconds. */
function timeOf({ mtime }: Restorable): number | undefined {
  return mtime === undefined ? undefined : mtime * 1000;
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** Returns the kind of anything but a plain file; makedev(3) packs device numbers like this. */
function kindOf(stat: Stats): Pick<RestoredItem, 'type' | 'major' | 'minor'> {
  if (stat.isDirectory()) return { type: 'directory' };
  if (stat.isSymbolicLink()) return { type: 'symlink' };
  if (stat.isFIFO()) return { type: 'fifo' };
  const numbers = { major: (stat.rdev >>> 8) & 0xfff, minor: (stat.rdev & 0xff) | ((stat.rdev >>> 12) & 0xfff00) };
  return { type: stat.isBlockDevice() ? 'block' : 'char', ...numbers };
}
