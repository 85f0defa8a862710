import { statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { getuid } from 'node:process';

/**
 * Returns a folder for temporary files in which every user of the machine can work: the system's,
 * or `/tmp` if `TMPDIR` is in a private folder. Tests that hand files to another user need it.
 */
export function sharedTempRoot(): string {
  if (getuid?.() !== 0) return tmpdir();
  const found = [tmpdir(), '/tmp', '/var/tmp'].find(isShared);
  if (found === undefined) throw new Error('Tests as another user need a /tmp that everyone can write to.');
  return found;
}

/** Returns whether every user can create files in a folder, and enter all folders above it. */
function isShared(folder: string): boolean {
  if (!others(folder, 0o003)) return false;
  for (let path = folder; path !== dirname(path); path = dirname(path)) {
    if (!others(path, 0o001)) return false;
  }
  return true;
}

function others(path: string, permissions: number): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats !== undefined && (stats.mode & permissions) === permissions;
}
