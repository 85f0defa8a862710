import { readFile, stat } from 'node:fs/promises';
import { nameLength } from '../layers/tar/byteName.ts';
import { InvalidSidecarError, parseSidecar, type SidecarEntry, type SidecarFacts } from '../layers/unpack/sidecar.ts';
import { errorCode } from '../oci/errorCode.ts';

/*
 * What root may restore from a layer's sidecar. The file lies in a workspace and may have been
 * edited by anyone, so its entries are only requests. Nothing here is resolved against a disk.
 */

/** An entry that root may restore. */
export interface Restorable {
  readonly path: string;
  readonly uid: number;
  readonly gid: number;
  /** The lower twelve bits. */
  readonly mode: number;
  /**
   * Missing on disk, or only a whiteout there. A device 0/0 is a whiteout that could not be made.
   */
  readonly special?: Special;
  /** Seconds; of devices. */
  readonly mtime?: number;
  /** By name. */
  readonly xattrs: ReadonlyMap<string, Buffer>;
}

/** A device or FIFO. */
export interface Special {
  readonly type: 'char' | 'block' | 'fifo';
  readonly major: number;
  readonly minor: number;
}

export interface RestorableEntries {
  readonly entries: readonly Restorable[];
  /** Entries left out, each with the reason, for the log. */
  readonly refused: readonly string[];
}

const MAX_BYTES = 256 * 1024 * 1024;
/** chown(2) takes -1 as "leave as it is". */
const MAX_ID = 0xff_ff_ff_fe;
/** Seconds. A tar header's field and the file systems of today hold no more. */
const MAX_TIME = 2 ** 33 - 1;
const MAX_NAME = 255;

/** Reads `layers/N.json`; without it there is nothing to restore. @throws {InvalidSidecarError} */
export async function readRestorable(file: string): Promise<RestorableEntries> {
  let text: string;
  try {
    if ((await stat(file)).size > MAX_BYTES) throw new InvalidSidecarError(file);
    text = await readFile(file, 'utf8');
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT') return { entries: [], refused: [] };
    throw cause instanceof InvalidSidecarError ? cause : new InvalidSidecarError(file, { cause });
  }
  return selectRestorable(parseSidecar(file, text).entries);
}

/** Selects the entries that root may restore. */
export function selectRestorable(all: readonly SidecarEntry[]): RestorableEntries {
  const entries: Restorable[] = [];
  const refused: string[] = [];
  for (const entry of all) {
    const reason = refusal(entry);
    if (reason === undefined) entries.push(restorable(entry));
    else refused.push(`${JSON.stringify(entry.path).slice(0, 200)}: ${reason}`);
  }
  return { entries, refused };
}

function refusal({ path, uid, gid, mode, devMajor = 0, devMinor = 0 }: SidecarEntry): string | undefined {
  if (path.split('/').some(name => nameLength(name) > MAX_NAME)) return 'the name is too long';
  if (!isWithin(uid, MAX_ID) || !isWithin(gid, MAX_ID)) return 'a file cannot have this owner';
  if (!isWithin(mode, 0xff_ff)) return 'a file cannot have this mode';
  return isWithin(devMajor, 0xf_ff) && isWithin(devMinor, 0xf_ff_ff)
    ? undefined
    : 'its device numbers are out of range';
}

function isWithin(value: number, max: number): boolean {
  return value >= 0 && value <= max;
}

function restorable(entry: SidecarEntry): Restorable {
  const { path, uid, gid, mode, mtime, xattrs } = entry;
  const special = specialOf(entry);
  const time = mtime !== undefined && Math.abs(mtime) <= MAX_TIME ? { mtime } : {};
  return {
    path,
    uid,
    gid,
    mode: mode & 0o7777,
    xattrs: restorableXattrs(xattrs ?? {}),
    ...(special ? { special, ...time } : {}),
  };
}

function specialOf({ type, devMajor: major = 0, devMinor: minor = 0 }: SidecarFacts): Special | undefined {
  return type === undefined || type === 'symlink' ? undefined : { type, major, minor };
}

/**
 * Returns true for attributes that root sets for an image: capabilities, and those without power
 * over the kernel. Labels of security modules belong to the host, and the overlay's marks would let
 * an image forge deletions and redirections.
 */
export function isRestorableXattr(name: string): boolean {
  if (name === 'security.capability' || /^system\.posix_acl_(access|default)$/.test(name)) return true;
  if (/^(user|trusted)\.overlay(\.|$)/.test(name) || /[\0=\n]/.test(name) || name.length > 255) return false;
  return /^(user|trusted)\../.test(name);
}

function restorableXattrs(xattrs: Readonly<Record<string, string>>): ReadonlyMap<string, Buffer> {
  const allowed = Object.entries(xattrs).filter(([name]) => isRestorableXattr(name));
  return new Map(allowed.map(([name, value]) => [name, Buffer.from(value, 'base64')]));
}
