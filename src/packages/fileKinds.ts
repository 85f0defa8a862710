import { readExecutable } from './languages/executable.ts';
import type { Finding } from './languages/finding.ts';
import { JAR, readJar } from './languages/jar.ts';
import { readDepsJson, readInstalledJson, readPackageJson } from './languages/jsonRecords.ts';
import { readGemspec, readPythonMetadata } from './languages/textRecords.ts';

/** The kinds of files that record packages of a programming language. */
export type RecordKind = 'npm' | 'python' | 'gemspec' | 'composer' | 'deps' | 'jar' | 'executable';

/** The kinds of files that are read. `raw` files are only passed on. */
export type FileKind = RecordKind | 'raw' | 'copyright';

/** Bytes of the largest file that is read of each kind. */
export const LARGEST: Readonly<Record<FileKind, number>> = {
  npm: 4e6,
  python: Infinity,
  gemspec: 1e6,
  composer: 64e6,
  deps: 64e6,
  jar: 512e6,
  executable: 512e6,
  raw: 256e6,
  copyright: 4e6,
};

/** Bytes that are read of longer files: the description in Python's metadata may be long. */
export const HEAD: Partial<Readonly<Record<FileKind, number>>> = { python: 1 << 18 };

/** Reads a file of each kind. What these throw means that the file is damaged. */
export const READERS: Readonly<Record<RecordKind, (file: Buffer, path: string) => Finding>> = {
  npm: readPackageJson,
  python: readPythonMetadata,
  gemspec: readGemspec,
  composer: readInstalledJson,
  deps: readDepsJson,
  jar: readJar,
  executable: readExecutable,
};

/**
 * The last name of each kind of record, and what the path before it must match. Python's metadata
 * also is a plain file `*.egg-info`.
 */
const RECORDS: readonly (readonly [kind: RecordKind, path: RegExp])[] = [
  ['python', /(?:^|\/)(?:[^/]+\.dist-info\/METADATA|(?:[^/]+\.egg-info|EGG-INFO)\/PKG-INFO|[^/]+\.egg-info)$/],
  ['gemspec', /(?:^|\/)specifications\/(?:[^/]+\/)*[^/]+\.gemspec$/],
  ['composer', /(?:^|\/)vendor\/composer\/installed\.json$/],
  ['deps', /\.deps\.json$/i],
  ['jar', JAR],
];

/**
 * Returns what a file with this path may record. Of npm's `package.json`, only those of a package's
 * own folder count: directly below the last `node_modules`, or outside any.
 */
export function recordKind(path: string): RecordKind | undefined {
  if (path.endsWith('/package.json') || path === 'package.json') return isPackageRoot(path) ? 'npm' : undefined;
  return RECORDS.find(([, pattern]) => pattern.test(path))?.[0];
}

function isPackageRoot(path: string): boolean {
  const folder = path.slice(0, -'/package.json'.length);
  const last = folder.lastIndexOf('node_modules/');
  if (last === -1 || (last > 0 && folder[last - 1] !== '/')) return !/(?:^|\/)node_modules$/.test(folder);
  const names = folder.slice(last + 'node_modules/'.length).split('/');
  return names.length === (names[0]?.startsWith('@') ? 2 : 1);
}

/** Smaller files contain no program with a runtime of its own. */
const SMALLEST_PROGRAM = 16_384;
const NOT_PROGRAMS =
  /\.(?:so|py|pyc|pl|pm|sh|rb|js|mjs|cjs|ts|json|txt|ko|o|a|class|php|html|css|dll)(?:\.[\d.]+)?$|\.so\./;

/** Whether a file may be a program, by its path, mode and size. */
export function mayBeProgram({ path, mode, size }: { path: string; mode: number; size: number }): boolean {
  return (mode & 0o111) !== 0 && size >= SMALLEST_PROGRAM && !NOT_PROGRAMS.test(path);
}

/** Files that describe the packages of a whole image, and so prove nothing. */
export function isSbom(path: string): boolean {
  return /\.(?:spdx|cdx)(?:\.json|\.xml)?$|\.spdx-[^/]*\.json$|\.dist-info\/sboms\/[^/]+$/i.test(path);
}
