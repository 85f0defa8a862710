import { lstat, readlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { decodeName, hasRawBytes } from '../../layers/tar/byteName.ts';
import { followLinksAsync } from '../../oci/followLinks.ts';

/** Something on disk. */
interface Found {
  readonly path: string;
  readonly isDirectory: boolean;
  /** Of a symbolic link. */
  readonly target: string | undefined;
}

/**
 * Returns where a path of an unpacked image leads on disk, the last name followed too, see
 * {@link followLinksAsync}. `undefined` when a link dangles, runs in a circle, or has a name that
 * is not UTF-8, which VS Code cannot open.
 * @param root an absolute folder that only the user can move
 * @param path below the root, with `/` between its names
 */
export async function resolveInRoot(root: string, path: string): Promise<string | undefined> {
  const start: Found = { path: root, isDirectory: true, target: undefined };
  const found = await followLinksAsync(start, path.split('/'), {
    child: ({ path: folder }, name) => look(folder, name),
    isDirectory: (node): node is Found => node.isDirectory,
    target: node => node.target,
  });
  return found?.path;
}

async function look(folder: string, name: string): Promise<Found | undefined> {
  // Windows also takes a backslash for a separator.
  if (hasRawBytes(name) || basename(name) !== name) return undefined;
  const path = join(folder, name);
  try {
    const stats = await lstat(path);
    const target = stats.isSymbolicLink() ? decodeName(await readlink(path, 'buffer')) : undefined;
    return { path, isDirectory: stats.isDirectory(), target };
  } catch {
    return undefined;
  }
}
