import { closeSync, existsSync, ftruncateSync, mkdirSync, mkdtempSync, openSync, rmSync, statfsSync } from 'node:fs';
import { freemem } from 'node:os';
import { join } from 'node:path';
import { cacheFolder } from '../rig/paths.ts';
import { run } from '../support/run.ts';

const SIZE = 8 * 2 ** 30;

/**
 * In memory if there is enough, so that other activity on the disk does not affect the measurement.
 */
export function whereDisksLie(): string {
  const memory = '/dev/shm';
  const { bavail, bsize } = existsSync(memory) ? statfsSync(memory) : { bavail: 0, bsize: 0 };
  if (bavail * bsize > SIZE && freemem() > SIZE) return memory;
  mkdirSync(cacheFolder(), { recursive: true });
  return cacheFolder();
}

/**
 * Provides a new, empty ext4, and removes it afterwards with all pending writes. Each timed run
 * gets its own: on an ext4 where the same tree was just deleted, creating it again takes up to ten
 * times as long.
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
    // Otherwise the kernel would initialize the disk during the measurement.
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
