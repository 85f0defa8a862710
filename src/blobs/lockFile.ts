import { readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { errorCode } from '../oci/errorCode.ts';

/**
 * Takes a lock that other windows of the editor see too: a file that holds our process id. True when it is ours now: nobody held it, or its holder is no more.
 * The same process takes it only once, as every other one.
 */
export function takeLock(path: string): boolean {
  for (const again of [true, false]) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' });
      return true;
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
      if (!again || holderLives(path)) return false;
      releaseLock(path);
    }
  }
  return false;
}

/** Gives the lock back; only for its holder. */
export function releaseLock(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

function holderLives(path: string): boolean {
  try {
    const pid = Number(readFileSync(path, 'utf8'));
    // An empty file: its writer is between creating and writing, or died there. Taking it for alive is the safe side.
    if (!Number.isInteger(pid) || pid <= 0) return true;
    process.kill(pid, 0);
    return true;
  } catch (error) {
    const code = errorCode(error);
    return code !== 'ESRCH' && code !== 'ENOENT';
  }
}
