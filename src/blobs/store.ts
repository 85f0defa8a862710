import { constants, type Stats } from 'node:fs';
import { copyFile, link, lstat, mkdir, readdir, rename, rm, unlink, utimes } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import { writeWholeFile } from './wholeFile.ts';
import { digestAlgorithm, digestHex, type Digest } from '../oci/digest.ts';

/** How a blob came into an image folder. */
export type LinkKind = 'present' | 'reflink' | 'hardlink' | 'copy';

/**
 * Blobs by their digest, each kept once, under `<root>/<algorithm>/<hex>`. What stands under a
 * final name was verified when it was written and is read-only; it is verified again by whoever
 * reads it.
 */
export class BlobStore {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  /**
   * Where the blob lies or will lie. The digest was checked when it was parsed, so its parts are
   * safe as names.
   */
  path(digest: Digest): string {
    return join(this.root, digestAlgorithm(digest), digestHex(digest));
  }

  /** True when the blob is there, and of that size where one is known. Marks it as used. */
  async has(digest: Digest, size = -1): Promise<boolean> {
    const path = this.path(digest);
    const stat = await lstat(path).catch(() => undefined);
    if (!stat?.isFile() || (size >= 0 && stat.size !== size)) return false;
    const now = new Date();
    await utimes(path, now, stat.mtime).catch(() => undefined);
    return true;
  }

  /**
   * Puts the blob under another path without moving its bytes where the file system can: reflink,
   * else hardlink, else copy. A file that stands there with the same size is left.
   */
  async linkTo(digest: Digest, target: string): Promise<LinkKind> {
    const source = this.path(digest);
    await mkdir(dirname(target), { recursive: true });
    const [here, there] = await Promise.all([lstat(source), lstat(target).catch(() => undefined)]);
    if (there?.isFile() && there.size === here.size) return 'present';
    if (there) await unlink(target);
    const temporary = `${target}.${randomUUID()}.partial`;
    const kind = await bring(source, temporary);
    await rename(temporary, target);
    return kind;
  }

  /** Writes a small verified document, such as a config, under its digest. */
  async put(digest: Digest, bytes: Uint8Array): Promise<string> {
    const path = this.path(digest);
    await writeWholeFile(path, bytes);
    return path;
  }

  /** Bytes on disk, partial files included. */
  async size(): Promise<number> {
    return (await this.#files()).reduce((sum, file) => sum + file.stat.size, 0);
  }

  /**
   * Removes the blobs that were used longest ago until at most `maxBytes` are left, and partial
   * files that nobody touched for a week. Image folders keep their own links. @returns bytes freed
   */
  async prune(maxBytes: number, now = Date.now()): Promise<number> {
    const files = (await this.#files()).sort((a, b) => lastUse(a.stat) - lastUse(b.stat));
    let left = files.reduce((sum, file) => sum + file.stat.size, 0);
    let freed = 0;
    for (const { path, stat } of files) {
      const abandoned = path.includes('.partial') && now - stat.mtimeMs > 7 * 86_400_000;
      if (left <= maxBytes && !abandoned) continue;
      if (path.includes('.partial') && !abandoned) continue;
      await rm(path, { force: true });
      left -= stat.size;
      freed += stat.size;
    }
    return freed;
  }

  /** Removes every blob and every partial file. @returns bytes freed */
  async clear(): Promise<number> {
    const freed = await this.size();
    await rm(this.root, { recursive: true, force: true });
    return freed;
  }

  async #files(): Promise<{ path: string; stat: Stats }[]> {
    const names = await readdir(this.root, { recursive: true, withFileTypes: true }).catch(() => []);
    const files = names.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name));
    const stats = await Promise.all(
      files.map(async path => ({ path, stat: await lstat(path).catch(() => undefined) })),
    );
    return stats.filter((file): file is { path: string; stat: Stats } => file.stat !== undefined);
  }
}

function lastUse(stat: Stats): number {
  return Math.max(stat.atimeMs, stat.mtimeMs);
}

async function bring(source: string, target: string): Promise<LinkKind> {
  try {
    await copyFile(source, target, constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL);
    return 'reflink';
  } catch {
    await rm(target, { force: true });
  }
  try {
    await link(source, target);
    return 'hardlink';
  } catch {
    await copyFile(source, target, constants.COPYFILE_EXCL);
    return 'copy';
  }
}
