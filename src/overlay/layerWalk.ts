import { lstatSync, type Stats } from 'node:fs';
import { readdir } from 'node:fs/promises';

/** One name in an unpacked layer. */
export interface Found {
  /** Relative to the layer, one char for each byte (latin1). */
  readonly path: string;
  readonly stat: Stats;
}

/** A path of bytes below a folder. */
export function bytesPath(folder: string, path: string): Buffer {
  const base = Buffer.from(folder);
  return path === '' ? base : Buffer.concat([base, Buffer.from('/'), Buffer.from(path, 'latin1')]);
}

/** True for what the overlay takes for a deleted file. */
export function isWhiteout(stat: Stats): boolean {
  return stat.isCharacterDevice() && stat.rdev === 0;
}

/** Every name in a layer, parents before their children, no symbolic link followed. The layer itself is the first, with the path `''`. */
export async function* walkLayer(folder: string, signal?: AbortSignal): AsyncGenerator<Found> {
  const waiting = [''];
  yield { path: '', stat: lstatSync(folder) };
  for (let directory = waiting.pop(); directory !== undefined; directory = waiting.pop()) {
    signal?.throwIfAborted();
    const names = await readdir(bytesPath(folder, directory), { encoding: 'buffer' });
    for (const name of names) {
      const path = (directory === '' ? '' : `${directory}/`) + name.toString('latin1');
      const stat = lstatSync(bytesPath(folder, path));
      if (stat.isDirectory()) waiting.push(path);
      yield { path, stat };
    }
  }
}
