import { setImmediate } from 'node:timers/promises';
import type { Package } from './package.ts';
import { readApk, readDpkg } from './packageParagraphs.ts';
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

/** Fedora and SUSE; rpm-ostree (CoreOS, bootc); everyone else. Often links to one another. */
const RPM_FOLDERS = ['usr/lib/sysimage/rpm', 'usr/share/rpm', 'var/lib/rpm'] as const;
const RPM_FILES = ['rpmdb.sqlite', 'Packages.db', 'Packages'] as const;

/** Known databases. The first of each kind that an image has is the one that counts. */
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

/** rpm packages read between two turns of the event loop. */
const BATCH = 50;

/** Reads an rpm database. @throws {DamagedDatabaseError} */
async function readRpm(file: Buffer, log?: Buffer): Promise<readonly Package[]> {
  const packages: Package[] = [];
  for (const header of rpmHeaders(file, log)) {
    packages.push(readRpmHeader(header));
    if (packages.length % BATCH === 0) await setImmediate();
  }
  return packages;
}
