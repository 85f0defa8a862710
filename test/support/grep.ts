import { execFileSync } from 'node:child_process';
import { closeSync, lstatSync, openSync, readdirSync, readSync, type Dirent } from 'node:fs';

const HEAD = 8192;

/** The text files of a folder, and what grep finds in them: the truth for a search. Names are latin1 texts of their bytes, for some are no UTF-8. */
export class Grep {
  readonly #root: string;
  /** From each name of a file to the first of its names. */
  readonly #names = new Map<string, string>();

  /** Lists the files that are text, by the rule that one with a NUL in its first 8 KiB is none. */
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

  /** The name under which a file counts that has several. */
  canonical(name: string): string {
    return this.#names.get(name) ?? name;
  }

  /** `name:line` of each line that `grep` finds with these options. */
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
