import { lstat, readdir, readlink, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../../oci/errorCode.ts';
import { removeTree } from '../../pull/removeTree.ts';

/** What a pull and a mount make in an image's folder. Whatever else lies there is the user's. */
const PARTS = ['layers', 'overlay', 'merged', 'blobs', 'oci-layout', 'index.json', 'manifest.json', '.peel.lock'];
/** Goes last, so that a removal that was broken off can be tried again. */
const LAST = 'peel.json';

/** What is to be removed is only a link. */
export class FolderIsLinkError extends Error {
  readonly folder: string;
  constructor(folder: string, target: string) {
    super(
      `${folder} is a symbolic link to ${target}. Nothing was removed: name that folder itself, or delete the link.`,
    );
    this.name = 'FolderIsLinkError';
    this.folder = folder;
  }
}

/** Through a link all that it leads to would go, and the link stay. @throws {FolderIsLinkError} */
export async function refuseLink(folder: string): Promise<void> {
  const target = await readlink(folder).catch(() => undefined);
  if (target !== undefined) throw new FolderIsLinkError(folder, target);
}

/**
 * Bytes on disk below a folder that go with it. A file of several names counts when all of them lie there: a blob that the cache also holds counts for nothing, for removing it frees
 * nothing.
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
 * Removes what Peel made in an image's folder, and the folder when nothing else is in it. Links are removed, never followed.
 * @returns false when some of it belongs to another user, such as root after a mount
 */
export async function removeOwnFolder(folder: string): Promise<boolean> {
  // The kernel makes it without any right, but an empty folder goes by the right over its parent.
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
