import { lstat, readdir, readlink, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../../oci/errorCode.ts';
import { removeTree } from '../../pull/removeTree.ts';

/** What pulls and mounts create in an image's folder. Anything else belongs to the user. */
const PARTS = ['layers', 'overlay', 'merged', 'blobs', 'oci-layout', 'index.json', 'manifest.json', '.peel.lock'];
/** Removed last, so that an interrupted removal can be repeated. */
const LAST = 'peel.json';

/** The folder to remove is only a symbolic link. */
export class FolderIsLinkError extends Error {
  readonly folder: string;
  constructor(folder: string, target: string) {
    super(
      `${folder} is a symbolic link to ${target}. Nothing was removed. Choose that folder itself, or delete the link.`,
    );
    this.name = 'FolderIsLinkError';
    this.folder = folder;
  }
}

/**
 * Through a link, the removal would empty the target and leave the link. @throws
 * {FolderIsLinkError}
 */
export async function refuseLink(folder: string): Promise<void> {
  const target = await readlink(folder).catch(() => undefined);
  if (target !== undefined) throw new FolderIsLinkError(folder, target);
}

/**
 * Returns how many bytes of disk a folder's removal frees. A file with several hard links counts
 * only if all of them are inside: a blob that the cache also holds counts as nothing.
 */
export async function folderSize(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const names = new Map<string, number>();
  let size = 0;
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const stat = await lstat(join(entry.parentPath, entry.name)).catch(() => undefined);
    if (!stat) continue;
    const inode = `${stat.dev}:${stat.ino}`;
    const found = (names.get(inode) ?? 0) + 1;
    if (stat.nlink > 1) names.set(inode, found);
    if (found === stat.nlink) size += stat.blocks * 512;
  }
  return size;
}

/**
 * Removes what Peel created in an image's folder, and the folder itself if nothing else is in it.
 * Links are removed, never followed.
 * @returns false if some of it belongs to another user, such as root after a mount
 */
export async function removeOwnFolder(folder: string): Promise<boolean> {
  // The kernel creates this folder without any permissions, but removing an empty one needs only
  // those of its parent.
  await rmdir(join(folder, 'overlay/work/work')).catch(() => undefined);
  try {
    for (const part of PARTS) {
      await removeTree(join(folder, part));
    }
    await rm(join(folder, LAST), { force: true });
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EACCES' || code === 'EPERM') return false;
    throw error;
  }
  await rmdir(folder).catch(() => undefined);
  return true;
}
