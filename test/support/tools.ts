import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { getuid } from 'node:process';

/** System folders that a normal user's PATH may lack, although they hold Debian's servers. */
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** Debian packages of tools that have a different name. */
const PACKAGES: Readonly<Record<string, string>> = {
  htpasswd: 'apache2-utils',
  setfattr: 'attr',
  getfattr: 'attr',
  setfacl: 'acl',
  getfacl: 'acl',
  'db5.3_load': 'db5.3-util',
  rpmbuild: 'rpm',
  setcap: 'libcap2-bin',
  getcap: 'libcap2-bin',
  fusermount3: 'fuse3',
  script: 'bsdutils',
  busybox: 'busybox-static',
  unshare: 'util-linux',
  mount: 'mount',
  'ctr-remote': 'stargz-snapshotter',
};

/** Returns the full path of a tool, or undefined. */
export function findTool(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...SYSTEM_FOLDERS].filter(folder => folder !== '');
  return folders.map(folder => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * For the `skip` option of a test or suite: false if every tool is installed, else the reason for
 * the report. With `CI=true` nothing may be skipped: a missing tool throws, which fails the file.
 */
export function requireTool(...names: readonly string[]): false | string {
  const missing = names.filter(name => findTool(name) === undefined);
  if (missing.length === 0) return false;
  const packages = missing.map(name => PACKAGES[name] ?? name);
  return missingReason(`${missing.join(', ')} not found; on Debian: apt-get install ${packages.join(' ')}`);
}

/** The same for tests that need root: mounts, devices, owners, other users. */
export function requireRoot(): false | string {
  return getuid?.() === 0 ? false : missingReason('needs root; run the tests with sudo or in a container as root');
}

/**
 * The same for any condition: if `met` is false, the test is skipped with the reason, or fails with
 * `CI=true`.
 */
export function requireThat(met: boolean, reason: string): false | string {
  return met ? false : missingReason(reason);
}

/** Returns the first reason to skip, or false. */
export function firstOf(...reasons: readonly (false | string)[]): false | string {
  return reasons.find(reason => reason !== false) ?? false;
}

function missingReason(reason: string): string {
  if (process.env.CI === 'true') throw new Error(`CI=true allows no skipped test: ${reason}`);
  return reason;
}
