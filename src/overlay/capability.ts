import { execFile } from 'node:child_process';
import { access, constants, readFile, realpath } from 'node:fs/promises';
import { release } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { mountFailure } from './failures.ts';
import type { MountFailure, MountFailureReason } from './failures.ts';
import { mountOf, readMounts } from './mountTable.ts';

/** Facts about the machine that the extension runs on. */
export interface MachineFacts {
  /** As process.platform. */
  readonly platform: string;
  readonly root: boolean;
  readonly sudo: boolean;
  /** This process and its children can gain no privileges, so sudo cannot work. */
  readonly noNewPrivileges: boolean;
  /** Whether root may mount at all, which most containers forbid. */
  readonly mayMount: boolean;
  readonly overlay: 'present' | 'loadable' | 'missing';
  /** The kernel's major and minor version. */
  readonly kernel: readonly [number, number];
  readonly wsl: boolean;
  /** The type of the folder's file system; absent without a folder. */
  readonly disk?: string;
  /** `unshare -Urm` works, and overlays can be mounted inside. */
  readonly namespaces: boolean;
  readonly fuseOverlayfs: boolean;
}

/**
 * Ways to see an image's files as one tree here, best first. `merged` (layers applied to a plain
 * folder) always works.
 */
export type Way = 'root' | 'sudo' | 'rootless' | 'fuse' | 'merged';

export interface Capability {
  readonly facts: MachineFacts;
  readonly ways: readonly Way[];
  /** Why root and sudo cannot mount. */
  readonly obstacle?: MountFailure;
  /** For the user: what works here, and why nothing more does. */
  readonly explanation: string;
}

/**
 * File systems that cannot hold an overlay's upper directory, because they lack whiteouts or
 * xattrs, or are overlays themselves. Named as in mountinfo.
 */
const UNFIT_DISKS = new Set(
  'overlay nfs nfs4 9p drvfs cifs smb3 vfat msdos exfat ntfs ntfs3 fuseblk fuse.sshfs ecryptfs hfsplus vboxsf squashfs iso9660'.split(
    ' ',
  ),
);

function obstacleOf(facts: MachineFacts): MountFailureReason | undefined {
  if (!facts.root && !facts.sudo) return 'no-sudo';
  if (!facts.root && facts.noNewPrivileges) return 'sudo-blocked';
  if (!facts.mayMount) return 'not-permitted';
  return unusable(facts);
}

/** Returns why the kernel can mount no overlay, whoever asks. */
function unusable(facts: MachineFacts): MountFailureReason | undefined {
  if (facts.overlay === 'missing') return 'no-overlay';
  if (facts.disk !== undefined && UNFIT_DISKS.has(facts.disk)) return 'unfit-disk';
  const [major, minor] = facts.kernel;
  return major < 5 || (major === 5 && minor < 11) ? 'kernel-too-old' : undefined;
}

const WAY_TEXT: Readonly<Record<Way, string>> = {
  root: 'mount it as root',
  sudo: 'mount it with sudo',
  rootless: 'a terminal with the mount in a namespace of its own, without sudo',
  fuse: 'mount it with fuse-overlayfs, without sudo',
  merged: 'extract it into one merged folder',
};

/** Concludes from the facts what works. */
export function judgeMachine(facts: MachineFacts): Capability {
  if (facts.platform !== 'linux') {
    const explanation =
      'Overlay mounts are a thing of Linux: on this system images can be browsed, pulled and extracted into one merged folder.';
    return { facts, ways: ['merged'], explanation };
  }
  const reason = obstacleOf(facts);
  const ways: Way[] = [];
  if (reason === undefined) ways.push(facts.root ? 'root' : 'sudo');
  if (facts.namespaces && unusable(facts) === undefined) ways.push('rootless');
  if (facts.fuseOverlayfs && !(facts.disk !== undefined && UNFIT_DISKS.has(facts.disk) && facts.disk !== 'overlay')) {
    ways.push('fuse');
  }
  ways.push('merged');
  const offered = `Ways to see an image as one tree here: ${ways.map(way => WAY_TEXT[way]).join('; ')}.`;
  if (reason === undefined) return { facts, ways, explanation: offered };
  const obstacle = mountFailure(reason);
  const where = facts.wsl && reason === 'unfit-disk' ? ' In WSL, keep images on the Linux disk, not under /mnt/c.' : '';
  return { facts, ways, obstacle, explanation: `${obstacle.message}.${where} ${offered}` };
}

/**
 * Finds out what this machine can do, with a folder also whether its disk is suitable. Runs
 * `unshare` once and changes nothing.
 */
export async function probeOverlay(folder?: string): Promise<Capability> {
  return judgeMachine(process.platform === 'linux' ? await linuxFacts(folder) : otherFacts());
}

function otherFacts(): MachineFacts {
  return {
    platform: process.platform,
    root: false,
    sudo: false,
    noNewPrivileges: false,
    mayMount: false,
    overlay: 'missing',
    kernel: [0, 0],
    wsl: false,
    namespaces: false,
    fuseOverlayfs: false,
  };
}

async function linuxFacts(folder: string | undefined): Promise<MachineFacts> {
  const [status, sudo, overlay, namespaces, fuseOverlayfs, disk] = await Promise.all([
    textOf('/proc/self/status'),
    onPath('sudo'),
    findOverlay(),
    tryNamespaces(),
    findFuse(),
    folder === undefined ? undefined : diskOf(folder),
  ]);
  const [major = 0, minor = 0] = release().split(/[.-]/).map(Number);
  return {
    platform: 'linux',
    root: process.getuid?.() === 0,
    sudo,
    noNewPrivileges: /^NoNewPrivs:\s*1$/m.test(status),
    mayMount: hasSysAdmin(/^CapBnd:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? ''),
    overlay,
    kernel: [major, minor],
    wsl: /microsoft/i.test(release()),
    ...(disk === undefined ? {} : { disk }),
    namespaces,
    fuseOverlayfs,
  };
}

/** CAP_SYS_ADMIN is bit 21 (capabilities(7)). */
function hasSysAdmin(set: string): boolean {
  return set !== '' && ((BigInt(`0x${set}`) >> 21n) & 1n) === 1n;
}

async function textOf(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}

async function onPath(program: string): Promise<boolean> {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  for (const folder of folders) {
    if (!folder.startsWith('/')) continue;
    const found = await access(join(folder, program), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  return false;
}

async function findOverlay(): Promise<MachineFacts['overlay']> {
  if (/\boverlay$/m.test(await textOf('/proc/filesystems'))) return 'present';
  const modules = await textOf(`/lib/modules/${release()}/modules.dep`);
  return /\/overlay\.ko/.test(modules) ? 'loadable' : 'missing';
}

async function tryNamespaces(): Promise<boolean> {
  // Tries a tmpfs, because AppArmor lets some systems make the namespace and then forbids every
  // mount in it.
  return promisify(execFile)('unshare', ['-Urm', 'mount', '-t', 'tmpfs', 'peel', '/tmp'], { timeout: 5000 }).then(
    () => true,
    () => false,
  );
}

async function findFuse(): Promise<boolean> {
  const device = await access('/dev/fuse').then(
    () => true,
    () => false,
  );
  return device && (await onPath('fuse-overlayfs')) && (await onPath('fusermount3'));
}

/** Returns the file system type of the nearest existing parent. */
async function diskOf(folder: string): Promise<string | undefined> {
  for (let path = folder; ; path = join(path, '..')) {
    const real = await realpath(path).catch(() => undefined);
    if (real !== undefined) return mountOf(await readMounts(), real)?.type;
    if (path === '/') return undefined;
  }
}
