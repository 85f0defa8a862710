import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sharedTempRoot } from '../sharedTemp.ts';
import { findTool, requireTool } from '../tools.ts';

/** A server program started by the tests. */
export interface ServerProcess {
  /** Everything it has written so far, on both streams. */
  output(): string;
  /** The part of the output that `ready` matched. */
  readonly ready: RegExpExecArray;
  /**
   * Stops the process and waits until it has exited. Default: SIGTERM, then SIGKILL after a while.
   */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** How long a server may take to start on a busy machine, in milliseconds. */
const START_LIMIT = 30_000;

/**
 * Starts a program and waits until its output matches `ready`, or until it listens on `port`. It
 * ends with this process at the latest.
 */
export async function startProcess(
  tool: string,
  args: readonly string[],
  options: {
    readonly ready?: RegExp;
    readonly port?: number;
    readonly env?: NodeJS.ProcessEnv;
    readonly cwd?: string;
    /** Options for setpriv to drop root's privileges. */
    readonly become?: readonly string[];
  },
): Promise<ServerProcess> {
  const path = findTool(tool);
  if (path === undefined) throw new Error(requireTool(tool) || tool);
  // The kernel ends it if this process is killed.
  const leash = process.platform === 'linux' ? findTool('setpriv') : undefined;
  const command = leash ? [leash, '--pdeathsig', 'KILL', ...(options.become ?? []), '--', path] : [path];
  const child = spawn(command[0] ?? path, [...command.slice(1), ...args], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => void (output += String(chunk)));
  let failure: Error | undefined;
  child.on('error', error => void (failure = error));
  const killAtExit = (): void => void child.kill('SIGKILL');
  process.once('exit', killAtExit);
  const stop = async (signal?: NodeJS.Signals): Promise<void> => {
    process.off('exit', killAtExit);
    await end(child, signal);
  };
  const pattern = options.ready ?? /^/;
  for (const began = Date.now(); Date.now() - began < START_LIMIT; await sleep(25)) {
    if (failure || child.exitCode !== null) break;
    const ready = pattern.exec(output);
    if (ready && (options.port === undefined || (await isListening(options.port)))) {
      return { output: () => output, ready, stop };
    }
  }
  await stop();
  throw new Error(`${tool} did not start: ${failure?.message ?? output.slice(-2000)}`, { cause: failure });
}

async function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), 3000);
  await gone;
  clearTimeout(timer);
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const answer = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return answer;
}

/** Returns a free port, for servers that can't let the system pick one. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

/** A folder for one server or one test. */
export interface TempFolder {
  readonly path: string;
  remove(): void;
}

export function tempFolder(name: string): TempFolder {
  const path = mkdtempSync(join(sharedTempRoot(), `peel-${name}-`));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
