import { lstat, readlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { decodeName, hasRawBytes } from '../../layers/tar/byteName.ts';
import { followLinksAsync } from '../../oci/followLinks.ts';

/** A file, folder or link on disk. */
interface Found {
  readonly path: string;
  readonly isDirectory: boolean;
  /** Of a symbolic link. */
  readonly target: string | undefined;
}

/**
 * Resolves a path of an unpacked image to its location on disk, following the last name too (see
 * {@link followLinksAsync}). `undefined` if a link dangles or is circular, or if a name isn't
 * UTF-8, which VS Code can't open.
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
  // Windows treats a backslash as a separator too.
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
