import { lstatSync, type Stats } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { decodeName, fsPath } from '../layers/tar/byteName.ts';
import { childPath } from '../layers/unpack/tree.ts';

/** One name in an unpacked layer. */
export interface Found {
  /** Relative to the layer. */
  readonly path: string;
  readonly stat: Stats;
}

/**
 * Yields every name in a layer, parents before their children, and follows no symbolic link. The
 * layer itself comes first, with the path `''`.
 */
export async function* walkLayer(folder: string, signal?: AbortSignal): AsyncGenerator<Found> {
  const waiting = [''];
  yield { path: '', stat: lstatSync(folder) };
  for (let directory = waiting.pop(); directory !== undefined; directory = waiting.pop()) {
    signal?.throwIfAborted();
    const names = await readdir(fsPath(`${folder}/${directory}`), { encoding: 'buffer' });
    for (const name of names) {
      const path = childPath(directory, decodeName(name));
      const stat = lstatSync(fsPath(`${folder}/${path}`));
      if (stat.isDirectory()) waiting.push(path);
      yield { path, stat };
    }
  }
}
