import { execFileSync } from 'node:child_process';
import { closeSync, lstatSync, openSync, readdirSync, readSync, type Dirent } from 'node:fs';

const HEAD = 8192;

/**
 * A folder's text files, and what grep finds in them, for comparison with a search. Names are
 * latin1 strings of their bytes, because some are not UTF-8.
 */
export class Grep {
  readonly #root: string;
  /** Maps each name of a file to the file's first name. */
  readonly #names = new Map<string, string>();

  /** Lists the text files: those without a NUL in their first 8 KiB. */
  constructor(root: string) {
    this.#root = root;
    const inodes = new Map<number, string>();
    for (const name of filesBelow(root, '').toSorted()) {
      const path = Buffer.from(`${root}/${name}`, 'latin1');
      const { ino, size } = lstatSync(path);
      if (size === 0 || !isText(path)) continue;
      const first = inodes.get(ino) ?? name;
      inodes.set(ino, first);
      this.#names.set(name, first);
    }
  }

  /** Returns the name that represents a file with several names. */
  canonical(name: string): string {
    return this.#names.get(name) ?? name;
  }

  /** Returns `name:line` for each line that `grep` finds with these options. */
  find(...options: readonly string[]): string[] {
    const files = [...new Set(this.#names.values())].map(name => `${name}\0`).join('');
    const args = ['-0', 'grep', '-naHZ', ...options];
    const output = execFileSync('xargs', args, {
      cwd: this.#root,
      input: Buffer.from(files, 'latin1'),
      env: { ...process.env, LC_ALL: 'C.UTF-8' },
      encoding: 'latin1',
      maxBuffer: 1 << 28,
    });
    return [...output.matchAll(/([^\0]*)\0(\d+):[^\n]*(?:\n|$)/g)].map(([, name = '', line = '']) => `${name}:${line}`);
  }
}

function filesBelow(root: string, folder: string): string[] {
  const entries: Dirent<Buffer>[] = readdirSync(Buffer.from(`${root}/${folder}`, 'latin1'), {
    withFileTypes: true,
    encoding: 'buffer',
  });
  return entries.flatMap(entry => {
    const name = `${folder}${entry.name.toString('latin1')}`;
    if (entry.isDirectory()) return filesBelow(root, `${name}/`);
    return entry.isFile() ? [name] : [];
  });
}

function isText(path: Buffer): boolean {
  const file = openSync(path, 'r');
  try {
    const head = Buffer.alloc(HEAD);
    return !head.subarray(0, readSync(file, head)).includes(0);
  } finally {
    closeSync(file);
  }
}
