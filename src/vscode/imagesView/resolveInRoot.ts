import { lstat, readlink } from 'node:fs/promises';
import { join } from 'node:path';

/** As many links in a row as Linux follows. */
const MAX_LINKS = 40;

/**
 * Where a path of an unpacked image really leads, with every symbolic link taken as the image means it: from the image's root, never the machine's.
 * The last component is followed too.
 * @param root an absolute folder that no hostile hand moves
 * @param path below the root, with `/` between its parts
 * @returns the absolute path, which lies in `root` and exists; `undefined` when a link dangles or runs in a circle
 */
export async function resolveInRoot(root: string, path: string): Promise<string | undefined> {
  const pending = partsOf(path);
  let resolved: string[] = [];
  let links = 0;
  for (let part = pending.shift(); part !== undefined; part = pending.shift()) {
    if (part === '..') {
      // Above the root is the root, as in a chroot.
      resolved = resolved.slice(0, -1);
      continue;
    }
    const here = join(root, ...resolved, part);
    const target = await linkTarget(here);
    if (target === undefined) return undefined;
    if (target === false) {
      resolved.push(part);
      continue;
    }
    links += 1;
    if (links > MAX_LINKS) return undefined;
    if (target.startsWith('/')) resolved = [];
    pending.unshift(...partsOf(target));
  }
  return join(root, ...resolved);
}

/** What a link holds, `false` for anything that is no link, `undefined` where there is nothing. */
async function linkTarget(path: string): Promise<string | false | undefined> {
  try {
    const stats = await lstat(path);
    return stats.isSymbolicLink() ? await readlink(path) : false;
  } catch {
    return undefined;
  }
}

function partsOf(path: string): string[] {
  return path.split('/').filter(part => part !== '' && part !== '.');
}
