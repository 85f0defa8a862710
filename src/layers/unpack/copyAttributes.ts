import { chmodSync, lchownSync, lutimesSync, type Stats, utimesSync } from 'node:fs';

/**
 * Copies owner, mode and time of another of the user's files. `file` is new, and a symlink only if
 * `stat` is a symlink's.
 */
export function copyAttributes(file: string | Buffer, stat: Stats): void {
  if (process.platform !== 'win32') lchownSync(file, stat.uid, stat.gid);
  if (stat.isSymbolicLink()) return lutimesSync(file, stat.atime, stat.mtime);
  chmodSync(file, stat.mode & 0o7777);
  utimesSync(file, stat.atime, stat.mtime);
}
