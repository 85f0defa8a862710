import { closeSync, openSync, readFileSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { errorCode } from '../oci/errorCode.ts';

/**
 * Takes a lock that other windows of the editor respect: a file holding our PID. Returns true if
 * acquired: it was free, or its holder has exited. A lock held by this process isn't taken again.
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
    // On a full disk, the lock would stay without a holder for ever.
    unlinkSync(path);
    throw error;
  } finally {
    closeSync(fd);
  }
}

/** Releases a lock that the caller holds. */
export function releaseLock(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

/** Milliseconds that suffice between creating a lock and writing into it. */
const WRITING = 10_000;

function holderLives(path: string): boolean {
  try {
    const [pid = '', start = ''] = readFileSync(path, 'utf8').split(' ');
    // Empty: its writer is about to write, or it or the machine died before the bytes reached the
    // disk.
    if (!/^[1-9]\d*$/.test(pid)) return Date.now() - statSync(path).mtimeMs < WRITING;
    process.kill(Number(pid), 0);
    return start === startOf(Number(pid));
  } catch (error) {
    const code = errorCode(error);
    return code !== 'ESRCH' && code !== 'ENOENT';
  }
}

/**
 * Returns when a process started, to recognise another one that got the same PID later; '' where
 * the system doesn't say (proc_pid_stat(5), field 22).
 */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
