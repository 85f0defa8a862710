import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from './run.ts';
import { firstOf, requireRoot, requireTool } from './tools.ts';

/** A normal user who may use sudo with a password, as on a desktop. */
export interface TestUser {
  readonly name: string;
  readonly password: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  /** Ends the user's processes, and removes the account, its home and its sudo rule. */
  remove(): Promise<void>;
}

/** Returns why no user can be created here, or false. */
export function requireTestUser(): false | string {
  return firstOf(requireRoot(), requireTool('useradd', 'userdel', 'chpasswd', 'setpriv', 'sudo'));
}

/** Creates a user with a random name. `sudo`: 'password' (default) or 'none'. */
export async function createTestUser(options: { readonly sudo?: 'password' | 'none' } = {}): Promise<TestUser> {
  const name = `peel-${randomBytes(4).toString('hex')}`;
  const password = randomBytes(9).toString('base64url');
  const rule = `/etc/sudoers.d/${name}`;
  const remove = async (): Promise<void> => {
    const uid = await idOf(name, '-u');
    for (let attempt = 0; attempt < 50 && endProcesses(uid); attempt++) await sleep(100);
    // sudo records per user, by name or by id: a timestamp, and that its lecture was shown.
    const traces = [name, String(uid)].flatMap(id => [`/run/sudo/ts/${id}`, `/var/lib/sudo/lectured/${id}`]);
    for (const path of [rule, ...traces]) rmSync(path, { force: true });
    await run('userdel', ['--remove', name]);
  };
  await run('useradd', ['--create-home', '--user-group', '--shell', '/bin/bash', name]);
  try {
    const set = spawnSync('chpasswd', { input: `${name}:${password}\n`, encoding: 'utf8' });
    if (set.status !== 0) throw new Error(`chpasswd: ${set.stderr}`);
    if (options.sudo !== 'none') writeFileSync(rule, `${name} ALL=(ALL:ALL) ALL\n`, { mode: 0o440 });
    const [uid, gid] = [await idOf(name, '-u'), await idOf(name, '-g')];
    const home = (await run('getent', ['passwd', name])).split(':')[5] ?? join('/home', name);
    return { name, password, uid, gid, home, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function idOf(name: string, which: '-u' | '-g'): Promise<number> {
  return Number(await run('id', [which, name]));
}

/** Ends every process of the user by its id. Returns true if there were any. */
function endProcesses(uid: number): boolean {
  const ids = readdirSync('/proc')
    .map(Number)
    .filter(id => id > 1 && ownerOf(id) === uid);
  for (const id of ids) {
    try {
      process.kill(id, 'SIGKILL');
    } catch {
      // It has already ended.
    }
  }
  return ids.length > 0;
}

/** Returns the owner of a process; undefined if it has ended. */
function ownerOf(id: number): number | undefined {
  try {
    const uid = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1];
    return uid === undefined ? undefined : Number(uid);
  } catch {
    return undefined;
  }
}

/** Runs a tool as the user, in the user's home and with a clean environment. */
export async function runAs(
  user: TestUser,
  command: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const assignments = Object.entries({ HOME: user.home, USER: user.name, PATH: process.env.PATH ?? '', ...env });
  const words = ['env', '-i', ...assignments.map(([key, value]) => `${key}=${value}`), ...command];
  const groups = ['--reuid', String(user.uid), '--regid', String(user.gid), '--init-groups'];
  return run('setpriv', [...groups, ...words], { cwd: user.home });
}
