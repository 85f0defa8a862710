import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';

/** Options for running a command to its end. */
export interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** A file for the output. Default: the terminal. */
  log?: string;
  /** Milliseconds until the command and its children are killed. */
  timeout?: number;
}

/**
 * Runs a command to its end, without a shell. With a time limit, it gets its own process group, so
 * that nothing outlives the limit.
 *
 * @returns the exit code; 124 after the time limit, 127 if the command does not exist
 */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<number> {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env,
    stdio: options.log ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
    detached: options.timeout !== undefined,
  });
  if (options.log) {
    const log = createWriteStream(options.log, { flags: 'a' });
    child.stdout?.pipe(log, { end: false });
    child.stderr?.pipe(log, { end: false });
    child.once('close', () => log.end());
  }
  let timedOut = false;
  const timer =
    options.timeout === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true;
          endGroup(child.pid, 'SIGKILL');
        }, options.timeout);
  return new Promise(resolve => {
    child.once('error', () => resolve(127));
    child.once('close', code => {
      clearTimeout(timer);
      resolve(timedOut ? 124 : (code ?? 1));
    });
  });
}

/**
 * Sends a signal to a process group started by this process. Ignores a group that has already
 * ended.
 */
export function endGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
