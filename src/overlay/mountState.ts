import { readdir, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { errorCode } from '../oci/errorCode.ts';
import { mountsAt, mountsBelow, readMounts } from './mountTable.ts';
import type { Mount } from './mountTable.ts';

/** A pulled image's mount, as the kernel reports it now. */
export interface MountState {
  /** `unsupported` without /proc: macOS, Windows. */
  readonly state: 'mounted' | 'not mounted' | 'unsupported';
  readonly mounted: boolean;
  /** The image folder's `merged`, without symbolic links. */
  readonly mountPoint: string;
  readonly kind?: 'overlay' | 'fuse-overlayfs' | 'other';
  readonly readOnly?: boolean;
  /** More than one if something was mounted over the mount; unmounting ends all of them. */
  readonly stacked: number;
  /** Mount points inside it, which keep it busy. */
  readonly inside: readonly string[];
  /**
   * False for a mount whose program has died (fuse): it must be unmounted before it works again.
   */
  readonly alive: boolean;
}

function kindOf(mount: Mount): NonNullable<MountState['kind']> {
  if (mount.type === 'overlay') return 'overlay';
  return mount.type === 'fuse.fuse-overlayfs' ? 'fuse-overlayfs' : 'other';
}

/**
 * Returns where an image folder is mounted. The folder may be gone, or a symbolic link may lead to
 * it.
 */
async function mountPointOf(folder: string): Promise<string> {
  const real = await realpath(folder).catch(() => resolve(folder));
  return join(real, 'merged');
}

async function answers(point: string): Promise<boolean> {
  try {
    await readdir(point);
    return true;
  } catch (error) {
    return errorCode(error) !== 'ENOTCONN';
  }
}

/**
 * Asks the kernel about an image folder. Mounts in other namespaces (rootless terminals) do not
 * count.
 */
export async function mountState(folder: string): Promise<MountState> {
  const mountPoint = await mountPointOf(folder);
  const nothing = { mounted: false, mountPoint, stacked: 0, inside: [], alive: false };
  let mounts: Mount[];
  try {
    mounts = await readMounts();
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    return { state: 'unsupported', ...nothing };
  }
  const here = mountsAt(mounts, mountPoint);
  const top = here.at(-1);
  if (top === undefined) return { state: 'not mounted', ...nothing };
  return {
    state: 'mounted',
    mounted: true,
    mountPoint,
    kind: kindOf(top),
    readOnly: top.options.includes('ro') || top.superOptions.includes('ro'),
    stacked: here.length,
    inside: mountsBelow(mounts, mountPoint).map(mount => mount.point),
    alive: await answers(mountPoint),
  };
}
