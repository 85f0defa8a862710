import { setImmediate } from 'node:timers/promises';
import { readApk, readDpkg, type OwningPackage } from './packageParagraphs.ts';
import { rpmHeaders } from './rpmDatabases.ts';
import { readRpmHeader } from './rpmHeader.ts';

/** A package database in an image: its path, and its reader. */
export interface PackageDatabase {
  /** The package manager. */
  readonly type: 'dpkg' | 'apk' | 'rpm';
  readonly path: string;
  /** Path of its write-ahead log. */
  readonly log?: string;
  /** Reads it; the files of dpkg's packages are listed elsewhere. */
  readonly read: (
    file: Buffer,
    log: Buffer | undefined,
    signal: AbortSignal,
  ) => readonly OwningPackage[] | Promise<readonly OwningPackage[]>;
}

/** Fedora and SUSE; rpm-ostree (CoreOS, bootc); everyone else. Often links to one another. */
const RPM_FOLDERS = ['usr/lib/sysimage/rpm', 'usr/share/rpm', 'var/lib/rpm'] as const;
const RPM_FILES = ['rpmdb.sqlite', 'Packages.db', 'Packages'] as const;

/** Known databases. The first of each type that an image has is the one that counts. */
export const PACKAGE_DATABASES: readonly PackageDatabase[] = [
  {
    type: 'dpkg',
    path: 'var/lib/dpkg/status',
    read: file => readDpkg(file.toString('utf8')).map(one => ({ ...one, files: [] })),
  },
  { type: 'apk', path: 'lib/apk/db/installed', read: file => readApk(file.toString('utf8')) },
  { type: 'apk', path: 'usr/lib/apk/db/installed', read: file => readApk(file.toString('utf8')) },
  ...RPM_FOLDERS.flatMap(folder =>
    RPM_FILES.map(name => ({
      type: 'rpm' as const,
      path: `${folder}/${name}`,
      log: `${folder}/${name}-wal`,
      read: readRpm,
    })),
  ),
];

/** rpm packages read between two turns of the event loop. */
const BATCH = 50;

/** Reads an rpm database. @throws {DamagedDatabaseError} */
async function readRpm(file: Buffer, log: Buffer | undefined, signal: AbortSignal): Promise<readonly OwningPackage[]> {
  const packages: OwningPackage[] = [];
  for (const header of rpmHeaders(file, log)) {
    packages.push(readRpmHeader(header));
    if (packages.length % BATCH !== 0) continue;
    await setImmediate();
    signal.throwIfAborted();
  }
  return packages;
}
