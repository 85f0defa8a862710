import type { Dirent, Stats } from 'node:fs';
import { lstat, readdir, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { compareNames } from '../common/nameOrder.ts';
import type { Chunk } from '../tree/chunkedList.ts';
import { resolveInRoot } from './resolveInRoot.ts';

/** One entry of a folder of an unpacked image. */
export interface DiskEntry {
  readonly name: string;
  /** What it is once links are followed; `deleted` is an overlay's whiteout, `dangling` a link to nothing in this folder tree. */
  readonly kind: 'folder' | 'file' | 'special' | 'deleted' | 'dangling';
  /** Bytes; of files only. */
  readonly size?: number;
  /** What a symbolic link says. */
  readonly linkTarget?: string;
  /** Where the content lies on disk: the entry itself, or where its link leads within the root. */
  readonly location: string;
}

/** As many rows as a person looks through; each costs a `stat`. */
const PAGE = 500;

/**
 * The entries of a folder, folders first, then by name; a part at a time, so that folders of a hundred thousand files open as quickly as small ones.
 * @param root the folder that stands for the image's `/`
 * @param path the folder to list, below the root, with `/` between its parts
 * @param cursor what the part before gave as `next`
 */
export async function listDiskFolder(
  root: string,
  path: string,
  filter: (name: string) => boolean,
  cursor: string | undefined,
): Promise<Chunk<DiskEntry>> {
  const from = Number(cursor ?? 0);
  const folder = (await resolveInRoot(root, path)) ?? join(root, path);
  const all = (await readdir(folder, { withFileTypes: true })).filter(entry => filter(entry.name));
  all.sort(byKindAndName);
  const part = all.slice(from, from + PAGE);
  const items = await Promise.all(part.map(entry => describe(root, path, folder, entry)));
  return { items, ...(from + PAGE < all.length ? { next: String(from + PAGE) } : {}) };
}

function byKindAndName(left: Dirent, right: Dirent): number {
  return Number(right.isDirectory()) - Number(left.isDirectory()) || compareNames(left.name, right.name);
}

async function describe(root: string, path: string, folder: string, entry: Dirent): Promise<DiskEntry> {
  const { name } = entry;
  const here = join(folder, name);
  if (entry.isDirectory()) return { name, kind: 'folder', location: here };
  try {
    if (entry.isSymbolicLink()) return await describeLink(root, path, here, name);
    return { name, location: here, ...kindAndSize(await lstat(here)) };
  } catch {
    // It went away, or may not be looked at: the row shows that it was there.
    return { name, kind: 'special', location: here };
  }
}

async function describeLink(root: string, path: string, here: string, name: string): Promise<DiskEntry> {
  const linkTarget = await readlink(here);
  const location = await resolveInRoot(root, `${path}/${name}`);
  if (location === undefined) return { name, kind: 'dangling', linkTarget, location: here };
  return { name, linkTarget, location, ...kindAndSize(await stat(location)) };
}

function kindAndSize(stats: Stats): Pick<DiskEntry, 'kind' | 'size'> {
  if (stats.isDirectory()) return { kind: 'folder' };
  if (stats.isFile()) return { kind: 'file', size: stats.size };
  return { kind: stats.isCharacterDevice() && stats.rdev === 0 ? 'deleted' : 'special' };
}
