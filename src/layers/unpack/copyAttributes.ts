import { chmodSync, lchownSync, lutimesSync, type Stats, utimesSync } from 'node:fs';

/** Owner, mode and time of another file of this user. The file is new and no symlink but where `stat` is one's. */
export function copyAttributes(file: string | Buffer, stat: Stats): void {
  if (process.platform !== 'win32') lchownSync(file, stat.uid, stat.gid);
  if (stat.isSymbolicLink()) return lutimesSync(file, stat.atime, stat.mtime);
  chmodSync(file, stat.mode & 0o7777);
  utimesSync(file, stat.atime, stat.mtime);
}
