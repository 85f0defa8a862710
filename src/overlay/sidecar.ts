import { readFile, stat } from 'node:fs/promises';
import { errorCode } from '../oci/errorCode.ts';

/**
 * One entry of a layer's sidecar (`layers/N.json`, written by the layers room): what the image says and the disk does not, because the person
 * who unpacked it could not set it. What is not listed is right on the disk. The file lies in a workspace and may have been edited by anyone,
 * so an entry is no more than a wish: nothing here has been resolved against a disk.
 */
export interface SidecarEntry {
  /** Relative, without `.`, `..` and empty parts; one char for each byte (latin1), because names need not be UTF-8. `''` is the layer itself. */
  readonly path: string;
  readonly uid: number;
  readonly gid: number;
  /** The lower twelve bits. */
  readonly mode: number;
  /** What is not on the disk, or only as a whiteout, and must be made. A character device 0/0 is a whiteout that could not be made. */
  readonly special?: Special;
  /** Seconds; told of devices. */
  readonly mtime?: number;
  /** Those that root may take from an image; by name. */
  readonly xattrs: ReadonlyMap<string, Buffer>;
}

/** A device or FIFO. */
export interface Special {
  readonly type: 'char' | 'block' | 'fifo';
  readonly major: number;
  readonly minor: number;
}

export interface Sidecar {
  readonly entries: readonly SidecarEntry[];
  /** Entries that were left out, each with the reason, for the log. */
  readonly refused: readonly string[];
}

/** A layer's sidecar cannot be used at all. */
export class SidecarError extends Error {
  readonly file: string;
  constructor(file: string, reason: string, options?: ErrorOptions) {
    super(`${file} ${reason}. Pull the image again, or mount without restoring owners.`, options);
    this.name = 'SidecarError';
    this.file = file;
  }
}

const MAX_BYTES = 256 * 1024 * 1024;
/** -1 means "leave as it is" to chown(2). */
const MAX_ID = 0xff_ff_ff_fe;
/** Seconds; what a tar header's field and every file system of today can hold. */
const MAX_TIME = 2 ** 33 - 1;

/** Reads `layers/N.json`. A file that is missing says that nothing is to be restored. @throws {SidecarError} */
export async function readSidecar(file: string): Promise<Sidecar> {
  let text: string;
  try {
    if ((await stat(file)).size > MAX_BYTES) throw new SidecarError(file, 'is larger than any layer needs');
    text = await readFile(file, 'utf8');
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT') return { entries: [], refused: [] };
    throw cause instanceof SidecarError ? cause : new SidecarError(file, 'cannot be read', { cause });
  }
  return parseSidecar(file, text);
}

/** Checks a sidecar's text. @throws {SidecarError} */
export function parseSidecar(file: string, text: string): Sidecar {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new SidecarError(file, 'is no JSON', { cause });
  }
  if (!isObject(json) || json['version'] !== 1 || !Array.isArray(json['entries'])) {
    throw new SidecarError(file, 'is no description of a layer that this version of Peel knows');
  }
  const entries: SidecarEntry[] = [];
  const refused: string[] = [];
  for (const item of json['entries'] as unknown[]) {
    const entry = parseEntry(item);
    if (typeof entry === 'string') refused.push(entry);
    else entries.push(entry);
  }
  return { entries, refused };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNumber(value: unknown, max: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max;
}

function parseEntry(item: unknown): SidecarEntry | string {
  if (!isObject(item)) return 'an entry is no object';
  const shown = JSON.stringify(item['path'])?.slice(0, 200) ?? 'an entry without a path';
  const path = parsePath(item);
  if (path === undefined) return `${shown}: not a path inside the layer`;
  const { uid, gid, mode } = item;
  if (!isNumber(uid, MAX_ID) || !isNumber(gid, MAX_ID)) return `${shown}: not an owner that a file can have`;
  if (!isNumber(mode, 0xff_ff)) return `${shown}: not a mode that a file can have`;
  const special = parseSpecial(item);
  if (special === null) return `${shown}: not a device`;
  const xattrs = parseXattrs(item['xattrs']);
  const { mtime } = item;
  const time = typeof mtime === 'number' && Math.abs(mtime) <= MAX_TIME ? { mtime } : {};
  return { path, uid, gid, mode: mode & 0o7777, xattrs, ...(special ? { special, ...time } : {}) };
}

function parsePath(item: Record<string, unknown>): string | undefined {
  const { path, pathBytes } = item;
  let name: string;
  if (typeof pathBytes === 'string') name = Buffer.from(pathBytes, 'base64').toString('latin1');
  else if (typeof path === 'string') name = Buffer.from(path, 'utf8').toString('latin1');
  else return undefined;
  if (name.includes('\0') || name.startsWith('/')) return undefined;
  const parts = name.split('/').filter(part => part !== '' && part !== '.');
  if (parts.includes('..') || parts.some(part => part.length > 255)) return undefined;
  return parts.join('/');
}

/** @returns undefined when it is none, null when it is a bad one */
function parseSpecial(item: Record<string, unknown>): Special | undefined | null {
  const { type, devMajor, devMinor } = item;
  if (type === 'fifo') return { type, major: 0, minor: 0 };
  if (type !== 'char' && type !== 'block') return undefined;
  if (!isNumber(devMajor, 0xf_ff) || !isNumber(devMinor, 0xf_ff_ff)) return null;
  return { type, major: devMajor, minor: devMinor };
}

/**
 * The attributes that root sets for an image: capabilities, and what has no power over the kernel. Labels of security modules are the host's
 * own business, and the overlay's marks would let an image forge deletions and redirections.
 */
export function isRestorableXattr(name: string): boolean {
  if (name === 'security.capability' || /^system\.posix_acl_(access|default)$/.test(name)) return true;
  if (/^(user|trusted)\.overlay(\.|$)/.test(name) || /[\0=\n]/.test(name) || name.length > 255) return false;
  return /^(user|trusted)\../.test(name);
}

function parseXattrs(value: unknown): ReadonlyMap<string, Buffer> {
  const found = new Map<string, Buffer>();
  if (!isObject(value)) return found;
  for (const [name, data] of Object.entries(value)) {
    if (typeof data === 'string' && isRestorableXattr(name)) found.set(name, Buffer.from(data, 'base64'));
  }
  return found;
}
