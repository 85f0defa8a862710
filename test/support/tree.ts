import { spawnSync } from 'node:child_process';
import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { type BigIntStats, closeSync, lstatSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs';
import { findTool, requireTool } from './tools.ts';

/** Everything known about one entry of a file system. */
export interface EntryFacts {
  readonly type: 'file' | 'directory' | 'symlink' | 'fifo' | 'char' | 'block' | 'socket';
  /** Permission bits with setuid, setgid and sticky, in octal. */
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  /** Seconds. */
  readonly mtime: number;
  /** Files only. */
  readonly size?: number;
  readonly sha256?: string;
  /** For a file with several names: the first of them in order. */
  readonly sameAs?: string;
  readonly linkname?: string;
  /** Devices only: `major:minor`. */
  readonly device?: string;
  /** Names with values in hex, as `getfattr` shows them. */
  readonly xattrs?: Readonly<Record<string, string>>;
}

/**
 * A file system's entries by path, relative to its root; '.' is the root itself. Bytes that are not
 * UTF-8 are written `\xff`.
 */
export type Tree = Map<string, EntryFacts>;

/** The tool that reads extended attributes. */
export const TREE_TOOLS = ['getfattr'] as const;

const TYPES = { 1: 'fifo', 2: 'char', 4: 'directory', 6: 'block', 8: 'file', 10: 'symlink', 12: 'socket' } as const;

/**
 * Reads everything below a folder without following links. Root sees everything; a normal user
 * fails where reading is not allowed.
 */
export function readTree(root: string): Tree {
  const tree: Tree = new Map();
  const xattrs = readXattrs(root);
  const inodes = new Map<bigint, string>();
  const visit = (path: Buffer, name: string): void => {
    const stats = lstatSync(path, { bigint: true });
    const facts = factsOf(path, stats, xattrs.get(name));
    const first = stats.isDirectory() || stats.nlink < 2n ? undefined : inodes.get(stats.ino);
    if (!first) inodes.set(stats.ino, name);
    tree.set(name, first ? { ...facts, sameAs: first } : facts);
    if (!stats.isDirectory()) return;
    const names = readdirSync(path, { encoding: 'buffer' }).toSorted((a, b) => a.compare(b));
    for (const child of names) {
      visit(Buffer.concat([path, Buffer.from('/'), child]), name === '.' ? show(child) : `${name}/${show(child)}`);
    }
  };
  visit(Buffer.from(root), '.');
  return tree;
}

/**
 * Returns the differences between two trees, one line each; none if they are equal. `ignore`
 * excludes known differences.
 */
export function compareTrees(
  left: Tree,
  right: Tree,
  ignore: (path: string, fact: keyof EntryFacts | 'existence') => boolean = () => false,
): string[] {
  const differences: string[] = [];
  for (const path of new Set([...left.keys(), ...right.keys()])) {
    const [one, other] = [left.get(path), right.get(path)];
    if (!one || !other) {
      if (!ignore(path, 'existence')) differences.push(`${path}: only on the ${one ? 'left' : 'right'}`);
      continue;
    }
    for (const fact of FACTS) {
      const [a, b] = [JSON.stringify(one[fact]), JSON.stringify(other[fact])];
      if (a !== b && !ignore(path, fact)) differences.push(`${path}: ${fact} ${a} <> ${b}`);
    }
  }
  return differences;
}

const FACTS = [
  'type',
  'mode',
  'uid',
  'gid',
  'mtime',
  'size',
  'sha256',
  'sameAs',
  'linkname',
  'device',
  'xattrs',
] as const satisfies (keyof EntryFacts)[];

function factsOf(path: Buffer, stats: BigIntStats, xattrs: Record<string, string> | undefined): EntryFacts {
  const kind = Number(stats.mode >> 12n);
  const type = Object.entries(TYPES).find(([number]) => Number(number) === kind)?.[1];
  if (!type) throw new Error(`unknown type of ${show(path)}`);
  return {
    type,
    mode: (stats.mode & 0o7777n).toString(8),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    mtime: Number(stats.mtimeNs) / 1e9,
    ...(type === 'file' && { size: Number(stats.size), sha256: hashFile(path) }),
    ...(type === 'symlink' && { linkname: show(readlinkSync(path, { encoding: 'buffer' })) }),
    ...((type === 'char' || type === 'block') && { device: deviceOf(stats.rdev) }),
    ...(xattrs && { xattrs }),
  };
}

/** Linux's encoding of device numbers (glibc, sys/sysmacros.h). */
function deviceOf(rdev: bigint): string {
  const major = ((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & ~0xfffn);
  const minor = (rdev & 0xffn) | ((rdev >> 12n) & ~0xffn);
  return `${major}:${minor & 0xffffffffn}`;
}

function hashFile(path: Buffer): string {
  const hash = createHash('sha256');
  const buffer = Buffer.alloc(1 << 20);
  const file = openSync(path, 'r');
  try {
    for (let length = 1; length > 0;) {
      length = readSync(file, buffer);
      hash.update(buffer.subarray(0, length));
    }
  } finally {
    closeSync(file);
  }
  return hash.digest('hex');
}

function show(name: Buffer): string {
  if (isUtf8(name)) return name.toString();
  return name.toString('latin1').replace(/[\x80-\xff]/g, byte => `\\x${byte.charCodeAt(0).toString(16)}`);
}

/** Returns the extended attributes by path, for entries that have some. */
function readXattrs(root: string): Map<string, Record<string, string>> {
  const tool = findTool('getfattr');
  if (!tool) throw new Error(requireTool('getfattr') || 'getfattr');
  const { stdout, stderr, status, error } = spawnSync(tool, ['-R', '-P', '-h', '-d', '-m', '-', '-e', 'hex', '.'], {
    cwd: root,
    maxBuffer: 256 << 20,
    encoding: 'latin1',
  });
  if (status !== 0) throw new Error(`getfattr: ${stderr}`, { cause: error });
  const found = new Map<string, Record<string, string>>();
  for (const block of stdout.split('\n\n')) {
    const [head = '', ...lines] = block.split('\n').filter(line => line !== '');
    if (!head.startsWith('# file: ')) continue;
    const escaped = head.slice('# file: '.length);
    const name = escaped.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
    const pairs = lines.map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);
    found.set(show(Buffer.from(name, 'latin1')), Object.fromEntries(pairs));
  }
  return found;
}
