import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** An ordinary account of this machine with a password, who may use sudo with it. */
export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly password: string;
  /** Removes the account and its home. */
  remove(): Promise<void>;
}

/** Makes an account for a test; only root can. Its name holds this process's id, so that runs do not meet. */
export async function createSystemUser(): Promise<SystemUser> {
  const name = `peel${process.pid}`;
  const password = `correct horse ${process.pid}`;
  await execute('/usr/sbin/useradd', ['--create-home', '--shell', '/bin/bash', '--groups', 'sudo', name]);
  const remove = async () => {
    await execute('/usr/sbin/userdel', ['--remove', '--force', name]);
  };
  try {
    const setting = execute('/usr/sbin/chpasswd');
    setting.child.stdin?.end(`${name}:${password}\n`);
    await setting;
    const line = (await readFile('/etc/passwd', 'utf8')).split('\n').find(entry => entry.startsWith(`${name}:`));
    const [, , uid, gid, , home] = line?.split(':') ?? [];
    if (home === undefined) throw new Error(`useradd made no account ${name}`);
    return { name, uid: Number(uid), gid: Number(gid), home, password, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
