import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import process from 'node:process';
import { findTool } from '../support/tools.ts';
import { run } from './run.ts';

/** The suites that `npm test` runs. */
export type Suite = 'unit' | 'host' | 'ui';

/** What needs a tool: a suite, `npm start` or `npm run bench`. */
export type Purpose = Suite | 'start' | 'bench';

/** A system program that tests run. */
export interface Tool {
  /** Alternative names; any will do. */
  readonly commands: readonly [string, ...string[]];
  /** The Debian package. */
  readonly package: string;
  readonly for: readonly Purpose[];
}

const everywhere: readonly Purpose[] = ['unit', 'host', 'ui'];
const editor: readonly Purpose[] = ['host', 'ui', 'start'];
const benched: readonly Purpose[] = ['unit', 'bench'];
const tested: readonly Purpose[] = [...everywhere, 'bench'];
const demo: readonly Purpose[] = [...everywhere, 'start'];

/** The registries, image tools and servers that tests use, and what the editor needs. */
export const tools: readonly Tool[] = [
  { commands: ['chromium', 'chromium-browser', 'google-chrome'], package: 'chromium', for: ['host', 'ui'] },
  { commands: ['g++'], package: 'g++', for: editor },
  { commands: ['make'], package: 'make', for: editor },
  { commands: ['python3'], package: 'python3', for: editor },
  { commands: ['rg'], package: 'ripgrep', for: editor },
  { commands: ['sudo'], package: 'sudo', for: demo },
  { commands: ['docker-registry'], package: 'docker-registry', for: tested },
  { commands: ['skopeo'], package: 'skopeo', for: tested },
  { commands: ['umoci'], package: 'umoci', for: tested },
  { commands: ['busybox'], package: 'busybox-static', for: demo },
  { commands: ['buildah'], package: 'buildah', for: benched },
  { commands: ['getfattr'], package: 'attr', for: ['unit'] },
  { commands: ['setfacl'], package: 'acl', for: ['unit'] },
  { commands: ['setcap'], package: 'libcap2-bin', for: ['unit'] },
  { commands: ['htpasswd'], package: 'apache2-utils', for: everywhere },
  { commands: ['openssl'], package: 'openssl', for: tested },
  { commands: ['nginx'], package: 'nginx-light', for: ['unit'] },
  { commands: ['squid'], package: 'squid', for: ['unit'] },
  { commands: ['debootstrap'], package: 'debootstrap', for: ['unit'] },
  { commands: ['fuse-overlayfs'], package: 'fuse-overlayfs', for: ['unit'] },
  { commands: ['rpmbuild'], package: 'rpm', for: ['unit'] },
  { commands: ['db5.3_load'], package: 'db5.3-util', for: ['unit'] },
  { commands: ['zstd'], package: 'zstd', for: benched },
  { commands: ['curl'], package: 'curl', for: benched },
  { commands: ['pigz'], package: 'pigz', for: benched },
  { commands: ['containerd'], package: 'containerd', for: ['unit'] },
  { commands: ['ctr-remote'], package: 'stargz-snapshotter', for: ['unit'] },
  { commands: ['podman'], package: 'podman', for: benched },
  { commands: ['igzip'], package: 'isal', for: ['bench'] },
  { commands: ['time'], package: 'time', for: ['bench'] },
  { commands: ['mkfs.ext4'], package: 'e2fsprogs', for: ['bench'] },
  { commands: ['unshare'], package: 'util-linux', for: ['bench'] },
  { commands: ['mount', 'umount'], package: 'mount', for: [...demo, 'bench'] },
];

/** Returns the path of the first of these commands found on this machine. */
export function findCommand(...names: readonly string[]): string | undefined {
  return names.map(findTool).find(path => path !== undefined);
}

/** Returns the tools that these purposes need and this machine lacks. */
export function missingTools(purposes: readonly Purpose[]): Tool[] {
  return tools.filter(
    tool => tool.for.some(purpose => purposes.includes(purpose)) && findCommand(...tool.commands) === undefined,
  );
}

/** Returns one line that says what is missing and how to get it. */
export function howToGet(missing: readonly Tool[]): string {
  const names = missing.map(tool => tool.commands[0]).join(', ');
  const packages = missing.map(tool => tool.package).join(' ');
  if (!existsSync('/usr/bin/apt-get')) return `missing: ${names}. Install them (Debian's packages are ${packages}).`;
  return `missing: ${names}. Install them: sudo apt-get install --no-install-recommends ${packages}`;
}

/**
 * Installs missing tools on Debian as root; elsewhere does nothing.
 *
 * @returns what is still missing
 */
export async function ensureTools(purposes: readonly Purpose[]): Promise<Tool[]> {
  const missing = missingTools(purposes);
  if (missing.length === 0 || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return missing;
  const packages = missing.map(tool => tool.package);
  console.error(`Installing by apt: ${packages.join(' ')} …`);
  if (!(await aptInstall(packages))) {
    // A new machine has no package lists, and old lists name packages that no longer exist.
    await run('apt-get', [...aptOptions, 'update'], { env: aptEnv() });
    await aptInstall(packages);
  }
  return missingTools(purposes);
}

const aptOptions = ['-q', '-o', 'DPkg::Lock::Timeout=900', '-o', 'Dpkg::Use-Pty=0'];

function aptEnv(): NodeJS.ProcessEnv {
  return { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
}

async function aptInstall(packages: readonly string[]): Promise<boolean> {
  // Debian's server packages start their servers on installation, on ports that may be in use.
  const policy = '/usr/sbin/policy-rc.d';
  const ours = !existsSync(policy);
  if (ours) await writeFile(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    const args = [...aptOptions, 'install', '-y', '--no-install-recommends', ...packages];
    return (await run('apt-get', args, { env: aptEnv() })) === 0;
  } finally {
    if (ours) await rm(policy, { force: true });
  }
}
