import { closeSync, constants, fchmodSync, fchownSync, fstatSync, lchownSync, openSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { SidecarFacts } from './sidecar.ts';
import type { TarEntry } from '../tar/tarEntry.ts';

/** Flags that create a file or fail: never open an existing one, never follow a symlink. */
export const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);

/**
 * Decides which owner and mode an entry gets on disk. Root sets what the image says. A normal user
 * owns all files, so that they stay readable, and directories usable, for that user. Files are
 * never setuid or setgid: in a folder that other users can enter, an image's program would lend
 * them the rights of root, or of whoever unpacked it. What the disk then does not show goes to the
 * sidecar, from which a mount restores it where only the mount shows it.
 */
export class Ownership {
  /** Owner of files that this process creates here. */
  readonly #uid: number;
  readonly #gid: number;
  /** Mode bits that survive the umask. */
  readonly #kept: number;
  /** Whether this process may set owners, as far as known. */
  #privileged: boolean;
  readonly #facts = new Map<string, SidecarFacts>();

  /** Creates a probe file in `folder`, since the umask cannot be queried safely. */
  constructor(folder: string) {
    const probe = join(folder, '.peel-probe');
    const fd = openSync(probe, CREATE, 0o777);
    try {
      const { uid, gid, mode } = fstatSync(fd);
      this.#uid = uid;
      this.#gid = gid;
      this.#kept = mode & 0o777;
    } finally {
      closeSync(fd);
      unlinkSync(probe);
    }
    this.#privileged = process.platform !== 'win32' && process.geteuid?.() === 0;
  }

  /**
   * Sets owner and mode of a new, open file. Call it after the last write, since changing the owner
   * clears setuid. Returns what the disk does not show.
   */
  finishFile(fd: number, entry: TarEntry, createMode: number): SidecarFacts | undefined {
    const owned = this.#own(entry, (uid, gid) => fchownSync(fd, uid, gid));
    const mode = this.diskMode(entry, owned);
    if ((createMode & this.#kept) !== mode) fchmodSync(fd, mode);
    return this.factsOf(entry, owned, mode);
  }

  /**
   * Sets the owner of a symlink, FIFO, or directory; the caller sets the mode. Returns true if the
   * owner is as the image says.
   */
  own(path: string | Buffer, entry: TarEntry): boolean {
    return this.#own(entry, (uid, gid) => lchownSync(path, uid, gid));
  }

  /** Returns the mode for the disk. */
  diskMode(entry: TarEntry, owned: boolean): number {
    if (process.platform === 'win32') return 0o666;
    const mode = entry.type === 'directory' ? entry.mode : entry.mode & 0o1777;
    if (this.#privileged && owned) return mode;
    return entry.type === 'directory' ? (mode & 0o1777) | 0o700 : (mode & 0o777) | 0o400;
  }

  /**
   * Returns the mode for `open` or `mkdir`, so that it usually needs no change later. Never more
   * than the final mode.
   */
  createMode(entry: TarEntry): number {
    return this.diskMode(entry, true) & 0o777;
  }

  /** Returns true if what is created with `createMode` has exactly this mode. */
  survives(createMode: number, mode: number): boolean {
    return (createMode & this.#kept) === mode;
  }

  /** Returns what the sidecar must say of an entry; `undefined` if the disk shows everything. */
  factsOf(entry: TarEntry, owned: boolean, diskMode: number): SidecarFacts | undefined {
    const modeDiffers = entry.type !== 'symlink' && diskMode !== entry.mode;
    if (owned && !modeDiffers && entry.xattrs === undefined) return undefined;
    return this.allFacts(entry);
  }

  /**
   * Returns everything that the sidecar can say of an entry. Equal facts share one object, since
   * nearly all files of an image have the same.
   */
  allFacts(entry: TarEntry): SidecarFacts {
    const { uid, gid, mode, type } = entry;
    const isDevice = type === 'char' || type === 'block';
    const facts: SidecarFacts = {
      uid,
      gid,
      mode,
      ...(type === 'symlink' || type === 'fifo' || isDevice ? { type } : {}),
      ...(isDevice ? { devMajor: entry.devMajor, devMinor: entry.devMinor, mtime: entry.mtime } : {}),
      ...(entry.xattrs ? { xattrs: encodeXattrs(entry.xattrs) } : {}),
    };
    if (entry.xattrs || isDevice) return facts;
    const key = `${uid}:${gid}:${mode}:${type === 'symlink' || type === 'fifo' ? type : ''}`;
    const known = this.#facts.get(key) ?? facts;
    this.#facts.set(key, known);
    return known;
  }

  #own(entry: TarEntry, chown: (uid: number, gid: number) => void): boolean {
    if (entry.uid === this.#uid && entry.gid === this.#gid) return true;
    if (!this.#privileged) return false;
    try {
      chown(entry.uid, entry.gid);
      return true;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return false;
    }
  }
}

/** In a user namespace, root may only give files to users of that namespace. */
function isRefusal(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'EPERM' || code === 'EINVAL' || code === 'ENOSYS' || code === 'ENOTSUP';
}

function encodeXattrs(xattrs: ReadonlyMap<string, Buffer>): Record<string, string> {
  return Object.fromEntries([...xattrs].map(([name, value]) => [name, value.toString('base64')]));
}
