import { closeSync, constants, fchmodSync, fchownSync, fstatSync, lchownSync, openSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { SidecarFacts } from './sidecar.ts';
import type { TarEntry } from '../tar/tarEntry.ts';

/** Makes a new file for writing, or fails: never opens what is there, never follows a symlink. */
export const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);

/**
 * Decides what owner and mode an entry gets on disk. Root gives what the image says. A normal user owns what it makes: then files stay readable and directories
 * usable for it. Files are never setuid or setgid: in a folder that other users of the machine can enter, an image's program would lend them the rights of
 * root, or of whoever unpacked it. What the disk then does not say goes to the sidecar, from which the mount can restore it where only the mount shows it.
 */
export class Ownership {
  /** What the system gives to a file that this process makes here. */
  readonly #uid: number;
  readonly #gid: number;
  /** Mode bits that survive the umask. */
  readonly #kept: number;
  /** May set owners, as far as known. */
  #privileged: boolean;
  readonly #facts = new Map<string, SidecarFacts>();

  /** Learns from a file made for it in `folder` what the system gives; the umask itself cannot be asked for safely. */
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

  /** Owner and mode bits for an open file that is new. Call it once all is written: changing the owner takes setuid away. */
  finishFile(fd: number, entry: TarEntry, createMode: number): SidecarFacts | undefined {
    const owned = this.#own(entry, (uid, gid) => fchownSync(fd, uid, gid));
    const mode = this.diskMode(entry, owned);
    if ((createMode & this.#kept) !== mode) fchmodSync(fd, mode);
    return this.factsOf(entry, owned, mode);
  }

  /** Owner of a symlink, a FIFO, or a directory; the caller sets the mode. True when it is as the image says. */
  own(path: string | Buffer, entry: TarEntry): boolean {
    return this.#own(entry, (uid, gid) => lchownSync(path, uid, gid));
  }

  /** The mode that goes to the disk. */
  diskMode(entry: TarEntry, owned: boolean): number {
    if (process.platform === 'win32') return 0o666;
    const mode = entry.type === 'directory' ? entry.mode : entry.mode & 0o1777;
    if (this.#privileged && owned) return mode;
    return entry.type === 'directory' ? (mode & 0o1777) | 0o700 : (mode & 0o777) | 0o400;
  }

  /** What to ask `open` or `mkdir` for, so that nothing is to be corrected later in the usual case. Never more than the final mode. */
  createMode(entry: TarEntry): number {
    return this.diskMode(entry, true) & 0o777;
  }

  /** True when something made with `createMode` has just this mode. */
  survives(createMode: number, mode: number): boolean {
    return (createMode & this.#kept) === mode;
  }

  /** What the sidecar has to say of an entry that was made; `undefined` when the disk says it all. */
  factsOf(entry: TarEntry, owned: boolean, diskMode: number): SidecarFacts | undefined {
    const modeDiffers = entry.type !== 'symlink' && diskMode !== entry.mode;
    if (owned && !modeDiffers && entry.xattrs === undefined) return undefined;
    return this.allFacts(entry);
  }

  /** All that the sidecar can say of an entry. Equal facts are one object, for nearly all files of an image have the same. */
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

/** In a user namespace root may give files to those only who are in it. */
function isRefusal(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'EPERM' || code === 'EINVAL' || code === 'ENOSYS' || code === 'ENOTSUP';
}

function encodeXattrs(xattrs: ReadonlyMap<string, Buffer>): Record<string, string> {
  return Object.fromEntries([...xattrs].map(([name, value]) => [name, value.toString('base64')]));
}
