import assert from 'node:assert/strict';
import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { tempFolder } from './servers/process.ts';

/** Files next to the destination that an attack may harm. */
export interface Victim {
  /** The folder that holds everything. */
  readonly root: string;
  /** Where to unpack. The parent folder exists, the destination itself does not. */
  readonly destination: string;
  /** The victim's folder. */
  readonly folder: string;
  /** Throws if anything outside the destination was changed, linked to, or created. */
  assertUnharmed(): void;
  remove(): void;
}

/** @param below the destination's path below the root; the victim is in the root itself */
export function plantVictim(below = 'destination'): Victim {
  const home = tempFolder('victim');
  const root = join(home.path, 'root');
  const folder = join(root, 'victim');
  const destination = join(root, below);
  mkdirSync(join(folder, 'sub'), { recursive: true });
  mkdirSync(join(destination, '..'), { recursive: true });
  mkdirSync(join(`${destination}-evil`));
  writeFileSync(join(folder, 'hello'), 'unharmed', { mode: 0o600 });
  writeFileSync(join(folder, 'sub/file'), 'unharmed');
  writeFileSync(join(`${destination}-evil`, 'secret'), 'unharmed');
  chmodSync(folder, 0o700);
  const before = snapshot(home.path, destination);
  return {
    root,
    destination,
    folder,
    assertUnharmed: () => assert.deepEqual(snapshot(home.path, destination), before),
    remove: () => home.remove(),
  };
}

/**
 * Returns everything visible of the files outside the destination. A hard link to one of them shows
 * in its link count.
 */
function snapshot(root: string, destination: string): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  const visit = (path: string): void => {
    // An unpacker may create files next to its destination with names that start with it: `1.part`
    // next to `1`.
    if (path === destination || path.startsWith(`${destination}${sep}`) || path.startsWith(`${destination}.`)) return;
    const stats = lstatSync(path);
    const { mode, uid, gid, nlink, ino } = stats;
    const name = relative(root, path);
    const isParent = destination.startsWith(`${path}${sep}`);
    found[name] = {
      mode,
      uid,
      gid,
      ino,
      // The destination itself counts as a link of its parent folder, and changes its time.
      ...(isParent ? {} : { nlink, mtime: stats.mtimeMs }),
      ...(stats.isFile() && { text: readFileSync(path, 'latin1') }),
      ...(stats.isSymbolicLink() && { link: readlinkSync(path) }),
    };
    if (stats.isDirectory()) for (const child of readdirSync(path).toSorted()) visit(join(path, child));
  };
  visit(root);
  return found;
}
