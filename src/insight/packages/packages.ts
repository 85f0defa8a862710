import { setImmediate } from 'node:timers/promises';
import { rpmHeaders } from './rpmDatabases.ts';
import { readRpmHeader, type RpmPackage } from './rpmHeader.ts';

/** The packages that a database of an image names, with their versions. */
export type Packages = ReadonlyMap<string, string>;

/** Packages that came, went, or have another version. */
export interface PackageChanges {
  readonly added: readonly PackageChange[];
  readonly removed: readonly PackageChange[];
  readonly changed: readonly PackageChange[];
}

export interface PackageChange {
  readonly name: string;
  readonly before?: string;
  readonly after?: string;
}

/** A database of packages in an image: where it lies, and how it is read. */
export interface PackageDatabase {
  /** The program that keeps it. */
  readonly kind: string;
  /** A file, or a folder with a file for each package. */
  readonly path: string;
  /** A file beside it with what is not in it yet. */
  readonly log?: string;
  readonly read: (file: Buffer, log?: Buffer) => Packages | Promise<Packages>;
}

const RPM_FOLDERS = ['usr/lib/sysimage/rpm', 'var/lib/rpm'] as const;
const RPM_FILES = ['rpmdb.sqlite', 'Packages.db', 'Packages'] as const;

/** The databases that can be read. Of several of one kind the first that is there counts, but for folders, which add to it. */
export const PACKAGE_DATABASES: readonly PackageDatabase[] = [
  { kind: 'dpkg', path: 'var/lib/dpkg/status', read: file => readDpkg(file.toString('utf8')) },
  { kind: 'apk', path: 'lib/apk/db/installed', read: file => readApk(file.toString('utf8')) },
  { kind: 'apk', path: 'usr/lib/apk/db/installed', read: file => readApk(file.toString('utf8')) },
  ...RPM_FOLDERS.flatMap(folder =>
    RPM_FILES.map(name => ({ kind: 'rpm', path: `${folder}/${name}`, log: `${folder}/${name}-wal`, read: readRpm })),
  ),
];

/** Where images without dpkg keep what dpkg would know, a file for each package ("distroless"). */
export const DPKG_FOLDER = 'var/lib/dpkg/status.d';

/** Reads one file of {@link DPKG_FOLDER}. What is there is installed, whether or not it says so. */
export function readDpkgPart(text: string): Packages {
  const fields = fieldsOf(text, ': ');
  const name = fields.get('Package');
  const version = fields.get('Version');
  return new Map(name === undefined || version === undefined ? [] : [[name, version]]);
}

/** Packages are read so many at once; between two such the thread does other things. */
const AT_ONCE = 50;

/** Reads rpm's database. Packages of several architectures are told apart, versions beside each other are listed. @throws {DamagedDatabaseError} */
export async function readRpm(file: Buffer, log?: Buffer): Promise<Packages> {
  const all: RpmPackage[] = [];
  for (const header of rpmHeaders(file, log)) {
    all.push(readRpmHeader(header));
    if (all.length % AT_ONCE === 0) await setImmediate();
  }
  const found = new Map<string, string>();
  const archsOf = Map.groupBy(all, ({ name }) => name);
  for (const [name, packages] of archsOf) {
    const several = new Set(packages.map(({ arch }) => arch)).size > 1;
    for (const [arch, same] of Map.groupBy(packages, one => one.arch)) {
      const versions = same.map(({ version }) => version).sort();
      found.set(several ? `${name}.${arch}` : name, versions.join(', '));
    }
  }
  return found;
}

/** Reads dpkg's `status` (deb-control(5)): only what is installed. Packages of several architectures are told apart. */
export function readDpkg(text: string): Packages {
  const found = new Map<string, string>();
  for (const paragraph of text.split(/\n{2,}/)) {
    const fields = fieldsOf(paragraph, ': ');
    const name = fields.get('Package');
    const version = fields.get('Version');
    if (name === undefined || version === undefined || fields.get('Status')?.endsWith(' installed') !== true) continue;
    found.set(found.has(name) ? `${name}:${fields.get('Architecture') ?? ''}` : name, version);
  }
  return found;
}

/** Reads apk's `installed` (apk-tools, installed database, version 2). */
export function readApk(text: string): Packages {
  const found = new Map<string, string>();
  for (const paragraph of text.split(/\n{2,}/)) {
    const fields = fieldsOf(paragraph, ':');
    const name = fields.get('P');
    const version = fields.get('V');
    if (name !== undefined && version !== undefined) found.set(name, version);
  }
  return found;
}

/** The first value of each field; lines that go on, and lists of files, are left out. */
function fieldsOf(paragraph: string, sign: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of paragraph.split('\n')) {
    const at = line.indexOf(sign);
    if (at <= 0 || /^\s/.test(line)) continue;
    const name = line.slice(0, at);
    if (!fields.has(name)) fields.set(name, line.slice(at + sign.length).trim());
  }
  return fields;
}

/** What became of the packages; each list sorted by name. */
export function comparePackages(left: Packages, right: Packages): PackageChanges {
  const names = [...new Set([...left.keys(), ...right.keys()])].sort();
  const changes = names.map(name => change(name, left.get(name), right.get(name)));
  return {
    added: changes.filter(({ before }) => before === undefined),
    removed: changes.filter(({ after }) => after === undefined),
    changed: changes.filter(({ before, after }) => before !== undefined && after !== undefined && before !== after),
  };
}

function change(name: string, before: string | undefined, after: string | undefined): PackageChange {
  return { name, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
}
