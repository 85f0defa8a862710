import { constants, type Stats } from 'node:fs';
import { copyFile, link, lstat, mkdir, readdir, rename, rm, unlink, utimes } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import { writeWholeFile } from './wholeFile.ts';
import { digestAlgorithm, digestHex, type Digest } from '../oci/digest.ts';

/**
 * Blobs by digest, each stored once as `<root>/<algorithm>/<hex>`. A blob with its final name was
 * verified when written and is read-only; readers verify it again.
 */
export class BlobStore {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  /**
   * Returns the blob's path, whether it exists or not. A parsed digest's parts are safe as names.
   */
  path(digest: Digest): string {
    return join(this.root, digestAlgorithm(digest), digestHex(digest));
  }

  /** Returns whether the blob exists, with that size if one is given. Marks it as used. */
  async has(digest: Digest, size = -1): Promise<boolean> {
    const path = this.path(digest);
    const stat = await lstat(path).catch(() => undefined);
    if (!stat?.isFile() || (size >= 0 && stat.size !== size)) return false;
    const now = new Date();
    await utimes(path, now, stat.mtime).catch(() => undefined);
    return true;
  }

  /**
   * Links the blob to another path: by reflink, hard link or copy, the first that the file system
   * can. A file of the same size there is left alone.
   */
  async linkTo(digest: Digest, target: string): Promise<void> {
    const source = this.path(digest);
    await mkdir(dirname(target), { recursive: true });
    const [here, there] = await Promise.all([lstat(source), lstat(target).catch(() => undefined)]);
    if (there?.isFile() && there.size === here.size) return;
    if (there) await unlink(target);
    const temporary = `${target}.${randomUUID()}.partial`;
    await cloneFile(source, temporary);
    await rename(temporary, target);
  }

  /** Writes a small verified document, such as a config, and returns its path. */
  async put(digest: Digest, bytes: Uint8Array): Promise<string> {
    const path = this.path(digest);
    await writeWholeFile(path, bytes);
    return path;
  }

  /** Returns the bytes on disk, partial files included. */
  async size(): Promise<number> {
    return (await this.#files()).reduce((sum, file) => sum + file.stat.size, 0);
  }

  /**
   * Deletes the least recently used blobs until at most `maxBytes` are left, and partial files
   * unused for a week. Image folders have their own links.
   * @returns bytes freed
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

  /** Deletes every blob and partial file. @returns bytes freed */
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

async function cloneFile(source: string, target: string): Promise<void> {
  try {
    await copyFile(source, target, constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL);
    return;
  } catch {
    await rm(target, { force: true });
  }
  await link(source, target).catch(() => copyFile(source, target, constants.COPYFILE_EXCL));
}
