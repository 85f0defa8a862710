import type { Dirent, Stats } from 'node:fs';
import { lstat, readdir, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { FolderEntry } from '../tree/folderEntries.ts';
import { resolveInRoot } from './resolveInRoot.ts';

/** An entry of a folder of an unpacked image. */
export interface DiskEntry {
  readonly name: string;
  /**
   * What links lead to; `deleted` is an overlay's whiteout, `dangling` a link to nothing in the
   * root.
   */
  readonly kind: 'folder' | 'file' | 'special' | 'deleted' | 'dangling';
  /** Bytes; of files only. */
  readonly size?: number;
  /** The text of a symbolic link. */
  readonly linkTarget?: string;
  /** The content's path on disk: the entry itself, or where its link leads within the root. */
  readonly location: string;
}

/** An entry's name and kind, known without a `stat`. */
export interface DiskName extends FolderEntry {
  /** Looks at the entry itself, once. */
  describe(): Promise<DiskEntry>;
}

/**
 * Lists a folder in no order. Its entries are only looked at when shown.
 * @param root the folder that stands for the image's `/`
 * @param path the folder to list, below the root, with `/` between its names
 */
export async function listDiskFolder(root: string, path: string): Promise<readonly DiskName[]> {
  const folder = (await resolveInRoot(root, path)) ?? join(root, path);
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.map(entry => {
    let described: Promise<DiskEntry> | undefined;
    return {
      name: entry.name,
      isFolder: entry.isDirectory(),
      describe: () => (described ??= describe(root, path, folder, entry)),
    };
  });
}

async function describe(root: string, path: string, folder: string, entry: Dirent): Promise<DiskEntry> {
  const { name } = entry;
  const here = join(folder, name);
  if (entry.isDirectory()) return { name, kind: 'folder', location: here };
  try {
    if (entry.isSymbolicLink()) return await describeLink(root, path, here, name);
    return { name, location: here, ...kindAndSize(await lstat(here)) };
  } catch {
    // It has disappeared or is unreadable, but it was in the list.
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
