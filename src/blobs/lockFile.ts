import { closeSync, openSync, readFileSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { errorCode } from '../oci/errorCode.ts';

/**
 * Takes a lock that other windows of the editor see too: a file that tells our process. True when
 * it is ours now: nobody held it, or its holder is no more. The same process takes it only once, as
 * every other one.
 */
export function takeLock(path: string): boolean {
  for (const again of [true, false]) {
    try {
      create(path);
      return true;
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
      if (!again || holderLives(path)) return false;
      releaseLock(path);
    }
  }
  return false;
}

function create(path: string): void {
  const fd = openSync(path, 'wx');
  try {
    writeSync(fd, `${process.pid} ${startOf(process.pid)}`);
  } catch (error) {
    // A lock without a holder, made on a full disk, would be held for ever.
    unlinkSync(path);
    throw error;
  } finally {
    closeSync(fd);
  }
}

/** Gives the lock back; only for its holder. */
export function releaseLock(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

/** Longer than anybody takes between creating a lock and writing into it, in ms. */
const WRITING = 10_000;

function holderLives(path: string): boolean {
  try {
    const [pid = '', start = ''] = readFileSync(path, 'utf8').split(' ');
    // An empty file: its writer is between creating and writing, or died there, or the machine did
    // before the bytes were on the disk.
    if (!/^[1-9]\d*$/.test(pid)) return Date.now() - statSync(path).mtimeMs < WRITING;
    process.kill(Number(pid), 0);
    return start === startOf(Number(pid));
  } catch (error) {
    const code = errorCode(error);
    return code !== 'ESRCH' && code !== 'ENOENT';
  }
}

/**
 * When a process began, so that another one that got the same number later is not taken for it; ''
 * where the system does not tell (proc_pid_stat(5), field 22).
 */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
