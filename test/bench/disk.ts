import { closeSync, existsSync, ftruncateSync, mkdirSync, mkdtempSync, openSync, rmSync, statfsSync } from 'node:fs';
import { freemem } from 'node:os';
import { join } from 'node:path';
import { cacheFolder } from '../rig/paths.ts';
import { run } from '../support/run.ts';

const SIZE = 8 * 2 ** 30;

/** In memory where there is enough of it, so that the work is measured and not what else goes on at the disk. */
export function whereDisksLie(): string {
  const memory = '/dev/shm';
  const { bavail, bsize } = existsSync(memory) ? statfsSync(memory) : { bavail: 0, bsize: 0 };
  if (bavail * bsize > SIZE && freemem() > SIZE) return memory;
  mkdirSync(cacheFolder(), { recursive: true });
  return cacheFolder();
}

/**
 * Lends a new, empty ext4, and takes it away afterwards with all that was to be written to it. Each timed run has its own: on an ext4 where the same tree was just
 * deleted, making it again takes up to ten times as long.
 */
export async function onFreshDisk<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const place = mkdtempSync(join(whereDisksLie(), 'peel-bench-'));
  const image = join(place, 'ext4');
  const folder = join(place, 'root');
  mkdirSync(folder);
  try {
    const fd = openSync(image, 'w');
    ftruncateSync(fd, SIZE);
    closeSync(fd);
    await run('mkfs.ext4', ['-q', '-F', '-N', '600000', '-E', 'nodiscard', image]);
    // The kernel would go on preparing the disk while the clock runs.
    await run('mount', ['-o', 'loop,noinit_itable', image, folder]);
    try {
      return await use(folder);
    } finally {
      await run('umount', ['--recursive', folder]);
    }
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}
