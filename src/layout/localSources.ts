import { stat } from 'node:fs/promises';
import type { LayoutSource } from './layoutSource.ts';
import { openLocal } from './openLocal.ts';

/**
 * Opens folders and archives, and keeps each until it changes, since opening an archive scans all
 * of it.
 */
export class LocalSources {
  readonly #open = new Map<string, { readonly stamp: string; readonly source: LayoutSource }>();

  /** @throws {InvalidLocalImageError} */
  async get(path: string, signal: AbortSignal): Promise<LayoutSource> {
    const { mtimeMs, size, ino } = await stat(path);
    const stamp = `${mtimeMs} ${size} ${ino}`;
    const known = this.#open.get(path);
    if (known?.stamp === stamp) return known.source;
    const source = await openLocal(path, signal);
    this.#open.set(path, { stamp, source });
    return source;
  }
}
