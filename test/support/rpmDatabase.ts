import { mkdirSync, readFileSync, writeFileSync, globSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { run } from './run.ts';

/** The tools that {@link makeRpmDatabase} needs. */
export const RPM_TOOLS = ['rpm', 'rpmbuild', 'db5.3_load'] as const;

/** A package to install. */
export interface RpmSpec {
  readonly name: string;
  readonly version: string;
  readonly epoch?: number;
  readonly target?: string;
  /** Packages built together with it, of the same version. */
  readonly more?: readonly string[];
  /** The size of each package's change log in bytes, which makes its header long. */
  readonly changes?: number;
}

/** An installed package according to rpm: name, version with epoch and release, architecture. */
export type RpmListing = readonly (readonly [name: string, version: string, arch: string])[];

/**
 * Builds packages with rpm's own tools, and installs them into a separate database. @returns the
 * path of its `rpmdb.sqlite`, and what rpm finds in it
 */
export async function makeRpmDatabase(
  folder: string,
  specs: readonly RpmSpec[],
): Promise<{ readonly path: string; readonly listing: RpmListing }> {
  const database = join(folder, 'database');
  mkdirSync(database, { recursive: true });
  for (const [at, spec] of specs.entries()) {
    const top = join(folder, String(at));
    mkdirSync(top);
    writeFileSync(join(top, 'it.spec'), specText(spec));
    const target = ['--target', spec.target ?? 'noarch'];
    await run('rpmbuild', ['-bb', '--quiet', '--define', `_topdir ${top}`, ...target, join(top, 'it.spec')]);
    const built = globSync('RPMS/*/*.rpm', { cwd: top }).map(file => join(top, file));
    const options = ['--justdb', '--nodeps', '--ignorearch', '--define', '_db_backend sqlite', '--dbpath', database];
    await run('rpm', ['-i', ...options, ...built]);
  }
  const format = String.raw`%{NAME}\t%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\t%{ARCH}\n`;
  const stdout = await run('rpm', ['-qa', '--dbpath', database, '--qf', format]);
  const listing = stdout
    .trim()
    .split('\n')
    .map(line => line.split('\t') as [string, string, string]);
  return { path: join(database, 'rpmdb.sqlite'), listing };
}

function specText({ name, version, epoch, more = [], changes = 0 }: RpmSpec): string {
  const part = (one: string): string =>
    `%package -n ${one}\nSummary: ${one}\n%description -n ${one}\nIt is ${one}.\n%files -n ${one}\n`;
  const said = Array.from({ length: Math.ceil(changes / 60) }, (_, at) => `- ${String(at).padStart(58, '.')}`);
  return `Name: ${name}
${epoch === undefined ? '' : `Epoch: ${epoch}\n`}Version: ${version}
Release: 1
Summary: ${name}
License: none
%description
It is ${name}.
%files
${more.map(part).join('')}
%changelog
* Mon Jan 01 2024 Somebody <somebody@example.com> - 1
${said.join('\n')}
`;
}

/** Returns the headers in a database by package number, read by SQLite itself. */
export function headersOf(path: string): ReadonlyMap<number, Buffer> {
  const database = new DatabaseSync(path, { readOnly: true });
  const rows = database.prepare('SELECT hnum, blob FROM Packages').all();
  database.close();
  return new Map(rows.map(row => [Number(row['hnum']), Buffer.from(row['blob'] as Uint8Array)]));
}

/**
 * Returns the same packages as a hash table of Berkeley DB, made by its own tool: rpm's format
 * until 2020. @param order the byte order: 1234 or 4321
 */
export async function berkeleyOf(
  headers: ReadonlyMap<number, Buffer>,
  folder: string,
  order: 1234 | 4321 = 1234,
): Promise<Buffer> {
  const key = (number: number): string => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(number);
    return bytes.toString('hex');
  };
  // rpm stores the highest number under the key 0.
  const pairs = [[0, Buffer.alloc(4, 1)] as const, ...headers];
  const lines = pairs.flatMap(([number, bytes]) => [` ${key(number)}`, ` ${bytes.toString('hex')}`]);
  const head = ['VERSION=3', 'format=bytevalue', 'type=hash', `db_lorder=${order}`, 'db_pagesize=4096', 'HEADER=END'];
  const dump = join(folder, `dump-${order}`);
  const path = join(folder, `Packages-${order}`);
  writeFileSync(dump, [...head, ...lines, 'DATA=END', ''].join('\n'));
  await run('db5.3_load', ['-f', dump, path]);
  return readFileSync(path);
}

/**
 * Returns the same packages as rpm's own `Packages.db` (rpm, lib/backend/ndb/rpmpkg.c), which
 * Debian's rpm can't make.
 */
export function ndbOf(headers: ReadonlyMap<number, Buffer>): Buffer {
  const page = 4096;
  const slotPages = Math.ceil((headers.size + 3) / (page / 16));
  const slots = Buffer.alloc(slotPages * page);
  slots.write('RpmP', 0, 'latin1');
  slots.writeUInt32LE(1, 8);
  slots.writeUInt32LE(slotPages, 12);
  slots.writeUInt32LE(headers.size + 1, 16);
  for (let at = 32; at < slots.length; at += 16) slots.write('Slot', at, 'latin1');
  const blobs: Buffer[] = [];
  let block = slots.length / 16;
  // A slot in between is free, as after the removal of a package.
  for (const [at, [number, header]] of [...headers].entries()) {
    const count = Math.ceil((16 + header.length + 12) / 16);
    const blob = Buffer.alloc(count * 16);
    blob.write('BlbS', 0, 'latin1');
    blob.writeUInt32LE(number, 4);
    blob.writeUInt32LE(1, 8);
    blob.writeUInt32LE(header.length, 12);
    header.copy(blob, 16);
    blob.writeUInt32LE(header.length, blob.length - 8);
    blob.write('BlbE', blob.length - 4, 'latin1');
    blobs.push(blob);
    const slot = 32 + 16 * (at < 1 ? at : at + 1);
    slots.writeUInt32LE(number, slot + 4);
    slots.writeUInt32LE(block, slot + 8);
    slots.writeUInt32LE(count, slot + 12);
    block += count;
  }
  return Buffer.concat([slots, ...blobs]);
}
