import { setImmediate } from 'node:timers/promises';
import type { Package } from './package.ts';
import { rpmHeaders } from './rpmDatabases.ts';
import { readRpmHeader } from './rpmHeader.ts';

/** A package database in an image: its path, and its reader. */
export interface PackageDatabase {
  /** The package manager: `dpkg`, `apk` or `rpm`. */
  readonly kind: string;
  readonly path: string;
  /** Path of its write-ahead log. */
  readonly log?: string;
  readonly read: (file: Buffer, log?: Buffer) => readonly Package[] | Promise<readonly Package[]>;
}

/**
 * Fedora and SUSE; rpm-ostree (Fedora CoreOS, bootc); everyone else. Often links to one another.
 */
const RPM_FOLDERS = ['usr/lib/sysimage/rpm', 'usr/share/rpm', 'var/lib/rpm'] as const;
const RPM_FILES = ['rpmdb.sqlite', 'Packages.db', 'Packages'] as const;

/**
 * The databases that can be read. The first of each kind that an image has is the one that counts.
 */
export const PACKAGE_DATABASES: readonly PackageDatabase[] = [
  { kind: 'dpkg', path: 'var/lib/dpkg/status', read: file => readDpkg(file.toString('utf8')) },
  { kind: 'apk', path: 'lib/apk/db/installed', read: file => readApk(file.toString('utf8')) },
  { kind: 'apk', path: 'usr/lib/apk/db/installed', read: file => readApk(file.toString('utf8')) },
  ...RPM_FOLDERS.flatMap(folder =>
    RPM_FILES.map(name => ({ kind: 'rpm', path: `${folder}/${name}`, log: `${folder}/${name}-wal`, read: readRpm })),
  ),
];

/** Where images without dpkg ("distroless") describe each package in a file of its own. */
export const DPKG_FOLDER = 'var/lib/dpkg/status.d';

/**
 * Reads a file of {@link DPKG_FOLDER}, whose packages are installed even if they have no status.
 */
export function readDpkgPart(text: string): readonly Package[] {
  return packagesIn(text, ': ', DPKG_FIELDS);
}

/** rpm packages read between two turns of the event loop. */
const BATCH = 50;

/** Reads an rpm database. @throws {DamagedDatabaseError} */
export async function readRpm(file: Buffer, log?: Buffer): Promise<readonly Package[]> {
  const packages: Package[] = [];
  for (const header of rpmHeaders(file, log)) {
    packages.push(readRpmHeader(header));
    if (packages.length % BATCH === 0) await setImmediate();
  }
  return packages;
}

/**
 * The states (dpkg(1), "Package states") in which a package's files are in place. Half-installed
 * packages have only some of theirs, and config-files means removed.
 */
const PRESENT = / (?:installed|triggers-pending|triggers-awaited|half-configured|unpacked)$/;
const DPKG_FIELDS = { name: 'Package', version: 'Version', arch: 'Architecture' } as const;

/** Reads the installed packages of dpkg's `status` (deb-control(5)). */
export function readDpkg(text: string): readonly Package[] {
  return packagesIn(text, ': ', DPKG_FIELDS, fields => PRESENT.test(fields.get('Status') ?? ''));
}

/** Reads apk's `installed` (apk-tools, installed database, version 2). */
export function readApk(text: string): readonly Package[] {
  return packagesIn(text, ':', { name: 'P', version: 'V', arch: 'A' });
}

/** Reads paragraphs of fields, each of which describes a package. */
function packagesIn(
  text: string,
  separator: string,
  names: Readonly<Record<keyof Package, string>>,
  isPresent: (fields: ReadonlyMap<string, string>) => boolean = () => true,
): readonly Package[] {
  return text.split(/\n{2,}/).flatMap(paragraph => {
    const fields = fieldsOf(paragraph, separator);
    const name = fields.get(names.name);
    const version = fields.get(names.version);
    if (name === undefined || version === undefined || !isPresent(fields)) return [];
    return [{ name, version, arch: fields.get(names.arch) ?? '' }];
  });
}

/** Returns the first value of each field, without continuation lines. */
function fieldsOf(paragraph: string, separator: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of paragraph.split('\n')) {
    const at = line.indexOf(separator);
    if (at <= 0 || /^\s/.test(line)) continue;
    const name = line.slice(0, at);
    if (!fields.has(name)) fields.set(name, line.slice(at + separator.length).trim());
  }
  return fields;
}
