import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { parseMounts } from '../../../src/overlay/mountTable.ts';
import type { Plan } from '../../../src/overlay/plan.ts';
import { sharedTempRoot } from '../../support/sharedTemp.ts';

/** What a plan did. */
export interface Outcome {
  readonly code: number | null;
  /** Both streams, as a terminal shows them. */
  readonly output: string;
}

/**
 * A folder that is gone after the test, with all that was mounted in it, however the test ended.
 * Everybody may enter it.
 */
export function scratch(t: TestContext, name = 'peel-overlay-'): string {
  const folder = realpathSync(mkdtempSync(join(sharedTempRoot(), name)));
  chmodSync(folder, 0o755);
  t.after(() => {
    unmountBelow(folder);
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** Ends every mount below a folder, the newest first. */
export function unmountBelow(folder: string): void {
  const mounts = parseMounts(readFileSync('/proc/self/mountinfo', 'utf8'));
  for (const { point } of mounts.toReversed()) {
    if (point.startsWith(`${folder}/`)) spawnSync('umount', ['-l', point]);
  }
}

/** What runs a plan. */
export interface RunOptions {
  /** User and group; default: who runs the test. */
  readonly user?: TestUser;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Runs a plan as the task does, without a terminal. */
export async function runPlan(plan: Plan, options: RunOptions = {}): Promise<Outcome> {
  const { user } = options;
  const child = spawn(plan.shell, [...plan.args], {
    cwd: plan.cwd,
    env: { ...process.env, ...plan.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(user === undefined ? {} : { uid: user.uid, gid: user.gid }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}

/** A command that must work. */
export function must(command: string, ...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr}`);
  return stdout;
}

/** A normal user of this machine. */
export interface TestUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly password: string;
}

/**
 * Makes a user with a password who may use sudo (for everything, with the password) unless told
 * otherwise, and removes all of it after the test.
 */
export function makeUser(t: TestContext, { sudo = true }: { sudo?: boolean } = {}): TestUser {
  const name = `peel${process.pid}${Math.trunc(Math.random() * 1e4)}`;
  const password = `pass ${name} $HOME 'x`;
  must('useradd', '--no-create-home', '--home-dir', '/', '--shell', '/bin/sh', name);
  const rule = `/etc/sudoers.d/${name}`;
  t.after(() => {
    rmSync(rule, { force: true });
    rmSync(`/run/sudo/ts/${name}`, { force: true });
    spawnSync('userdel', ['-f', name]);
  });
  const { status } = spawnSync('chpasswd', { input: `${name}:${password}\n` });
  if (status !== 0) throw new Error('chpasswd failed');
  if (sudo) {
    // Tests drive sudo over a terminal of their own; the ticket must not outlive them.
    writeFileSync(rule, `${name} ALL=(ALL:ALL) ALL\n`, { mode: 0o440 });
  }
  return { name, uid: Number(must('id', '-u', name)), gid: Number(must('id', '-g', name)), password };
}

/** What is typed when something was shown. */
export interface Answer {
  readonly prompt: RegExp;
  readonly text: string;
  /**
   * Type it again and again until the program ends: a key that comes at once after the prompt may
   * be thrown away.
   */
  readonly again?: boolean;
}

/**
 * Runs a plan in a terminal, as the editor does, and types the answers there: each when its prompt
 * has been shown. util-linux's `script` makes the terminal; `setpriv` becomes the user.
 */
export async function runInTerminal(plan: Plan, user: TestUser, answers: readonly Answer[]): Promise<Outcome> {
  const words = [plan.shell, ...plan.args].map(word => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ');
  const child = spawn(
    'setpriv',
    [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--init-groups', 'script', '-qec', words, '/dev/null'],
    {
      cwd: plan.cwd,
      env: { PATH: process.env.PATH ?? '', TERM: 'xterm', SHELL: '/bin/sh', ...plan.env },
      stdio: 'pipe',
    },
  );
  let output = '';
  let seen = 0;
  const waiting = [...answers];
  const hear = (chunk: Buffer): void => {
    output += chunk.toString();
    const next = waiting[0];
    const found = next === undefined ? undefined : next.prompt.exec(output.slice(seen));
    if (next === undefined || !found) return;
    seen += found.index + found[0].length;
    waiting.shift();
    child.stdin.write(next.text);
    if (next.again === true) repeat = setInterval(() => child.stdin.write(next.text), 200);
  };
  let repeat: NodeJS.Timeout | undefined;
  child.stdin.on('error', () => clearInterval(repeat));
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  // A question that the test does not know would wait for ever.
  const limit = setTimeout(() => child.kill('SIGKILL'), 30_000);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(limit);
  clearInterval(repeat);
  return { code, output: output.replaceAll('\r', '') };
}

/** Makes an image folder of hand-made layers: each function fills one, base first. */
export function makeImage(folder: string, ...fill: readonly ((layer: string) => void)[]): string {
  mkdirSync(join(folder, 'layers'), { recursive: true });
  writeFileSync(join(folder, 'peel.json'), '{}\n');
  fill.forEach((make, index) => {
    const layer = join(folder, 'layers', String(index + 1));
    mkdirSync(layer);
    make(layer);
  });
  return folder;
}

/** Gives a tree to a user, links themselves and not what they lead to. */
export function give(path: string, user: TestUser): void {
  must('chown', '-hR', `${user.uid}:${user.gid}`, path);
}

/** A layer with busybox as its only program. */
export function busyboxLayer(layer: string): void {
  mkdirSync(join(layer, 'bin'));
  mkdirSync(join(layer, 'tmp'));
  must('cp', '/bin/busybox', join(layer, 'bin/busybox'));
  for (const name of ['sh', 'ls', 'cat', 'id', 'env', 'pwd'])
    must('ln', '-s', '/bin/busybox', join(layer, 'bin', name));
  chmodSync(join(layer, 'tmp'), 0o1777);
  chownSync(join(layer, 'tmp'), 0, 0);
}

/** Keeps a process standing in a folder until the test ends. */
export async function occupy(t: TestContext, folder: string): Promise<number> {
  const child = spawn('sh', ['-c', 'echo ready; exec sleep 600'], { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(child, 'close');
  t.after(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  await once(child.stdout, 'data');
  return child.pid ?? 0;
}
