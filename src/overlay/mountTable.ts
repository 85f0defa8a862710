import { readdir, readFile, readlink } from 'node:fs/promises';

/** One line of /proc/PID/mountinfo (proc_pid_mountinfo(5)). */
export interface Mount {
  readonly id: number;
  readonly parent: number;
  /** `major:minor` */
  readonly device: string;
  /** The visible part of the file system; not `/` for a bind mount. */
  readonly root: string;
  readonly point: string;
  /** The mount's options: ro, nosuid, … */
  readonly options: readonly string[];
  /** Propagation: shared:1, master:2, … */
  readonly tags: readonly string[];
  /** The kernel's name: ext4, overlay, fuse.fuse-overlayfs, … */
  readonly type: string;
  readonly source: string;
  /** The file system's options: lowerdir=…, upperdir=…, … Escaped commas stay in a value. */
  readonly superOptions: readonly string[];
}

/** A mount table does not have the format of proc(5). */
export class MountTableError extends Error {
  readonly line: string;
  constructor(line: string) {
    super(`The kernel's mount table has a line of an unknown form: ${JSON.stringify(line.slice(0, 200))}`);
    this.name = 'MountTableError';
    this.line = line;
  }
}

/**
 * Decodes space, tab, line feed and backslash, written as three octal digits for bytes of UTF-8.
 */
function unescape(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

function parseLine(line: string): Mount {
  const [left, right] = splitOnce(line, ' - ');
  const [id, parent, device, root, point, options, ...tags] = left.split(' ');
  const [type, source, superOptions = ''] = right.split(' ');
  if (id === undefined || parent === undefined || device === undefined || root === undefined || point === undefined) {
    throw new MountTableError(line);
  }
  if (options === undefined || type === undefined || source === undefined) throw new MountTableError(line);
  return {
    id: Number(id),
    parent: Number(parent),
    device,
    root: unescape(root),
    point: unescape(point),
    options: options.split(','),
    tags: tags.filter(tag => tag !== ''),
    type,
    source: unescape(source),
    superOptions: superOptions === '' ? [] : superOptions.split(/(?<!\\),/).map(unescape),
  };
}

function splitOnce(line: string, by: string): [string, string] {
  const at = line.indexOf(by);
  if (at < 0) throw new MountTableError(line);
  return [line.slice(0, at), line.slice(at + by.length)];
}

/**
 * Parses a mountinfo file. Of several mounts at one point, the last is visible.
 * @throws {MountTableError}
 */
export function parseMounts(text: string): Mount[] {
  return text
    .split('\n')
    .filter(line => line !== '')
    .map(parseLine);
}

/**
 * Returns the mounts that this process sees (or the process of that file). Rejects without /proc.
 */
export async function readMounts(file = '/proc/self/mountinfo'): Promise<Mount[]> {
  return parseMounts(await readFile(file, 'utf8'));
}

/** Returns the mounts at exactly this place, lowest first. The path must have no symbolic links. */
export function mountsAt(mounts: readonly Mount[], point: string): Mount[] {
  return mounts.filter(mount => mount.point === point);
}

/** Returns the mounts inside this folder, without the folder itself. */
export function mountsBelow(mounts: readonly Mount[], folder: string): Mount[] {
  return mounts.filter(mount => mount.point.startsWith(`${folder}/`));
}

/** Returns the mount that a path is on: the last one with the longest point. */
export function mountOf(mounts: readonly Mount[], path: string): Mount | undefined {
  let found: Mount | undefined;
  for (const mount of mounts) {
    const holds = mount.point === '/' || path === mount.point || path.startsWith(`${mount.point}/`);
    if (holds && (found === undefined || mount.point.length >= found.point.length)) found = mount;
  }
  return found;
}

/**
 * Processes in mount namespaces other than ours in which something is mounted at this place: the
 * terminals of rootless mounts. Only the person's own processes can be asked. One process for each
 * namespace.
 */
export async function namespacesWith(point: string): Promise<number[]> {
  const own = await readlink('/proc/self/ns/mnt');
  const seen = new Set([own]);
  const found: number[] = [];
  const processes = (await readdir('/proc')).filter(name => /^\d+$/.test(name));
  for (const process of processes) {
    try {
      const namespace = await readlink(`/proc/${process}/ns/mnt`);
      if (seen.has(namespace)) continue;
      seen.add(namespace);
      if (mountsAt(await readMounts(`/proc/${process}/mountinfo`), point).length > 0) found.push(Number(process));
    } catch {
      // Another user's process, or one that has ended.
    }
  }
  return found;
}
