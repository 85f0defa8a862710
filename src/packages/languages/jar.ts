import { posix } from 'node:path';
import { found, type Finding, type FoundPackage } from './finding.ts';
import { readZipEntry, ZipError, zipEntries, type ZipEntry } from './zip.ts';

/** The extensions of Java archives. */
export const JAR = /\.(?:jar|war|ear|par|sar|nar|jpi|hpi|kar|lpkg)$/i;

const POM = /^META-INF\/maven\/[^/]+\/[^/]+\/pom\.properties$/;
const MANIFEST = 'META-INF/MANIFEST.MF';
/** Bytes of a record, bytes unpacked for one file of the image, and archives inside archives. */
const MOST_RECORD = 1 << 20;
const MOST_UNPACKED = 1 << 30;
const MOST_DEPTH = 4;
const MOST_ARCHIVES = 5_000;

/**
 * Reads a Java archive and those inside it. Maven's records count before the manifest, and that
 * before the file's name.
 */
export function readJar(file: Buffer, path: string): Finding {
  const packages: FoundPackage[] = [];
  const notes = new Set<string>();
  let left = MOST_UNPACKED;
  // Unpacked one by one, since they may be large.
  const open: { readonly unpacked: () => Buffer; readonly place: readonly string[] }[] = [
    { unpacked: () => file, place: [] },
  ];
  for (let count = 0, archive = open.pop(); archive; archive = open.pop(), count++) {
    const { place } = archive;
    const name = place.at(-1) ?? path;
    try {
      const bytes = archive.unpacked();
      const unpack = (entry: ZipEntry, most: number): Buffer => {
        const content = readZipEntry(bytes, entry, Math.min(most, left));
        left -= content.length;
        return content;
      };
      const entries = zipEntries(bytes);
      const inside = place.length > 0 ? { inside: place.join('!/') } : {};
      packages.push(
        ...packagesOf(entries, name, entry => unpack(entry, MOST_RECORD)).map(one => ({ ...one, ...inside })),
      );
      for (const entry of entries.filter(one => JAR.test(one.name))) {
        if (place.length >= MOST_DEPTH || count + open.length >= MOST_ARCHIVES)
          throw new ZipError('has more archives inside archives than are read');
        open.push({ unpacked: () => unpack(entry, left), place: [...place, entry.name] });
      }
    } catch (error) {
      if (!(error instanceof ZipError)) throw error;
      notes.add(place.length > 0 ? `has ${place.join('!/').slice(0, 500)}, which ${error.message}` : error.message);
    }
  }
  return { packages, notes: [...notes].slice(0, 10) };
}

function packagesOf(entries: readonly ZipEntry[], name: string, read: (entry: ZipEntry) => Buffer): FoundPackage[] {
  const byMaven = entries.filter(entry => POM.test(entry.name)).flatMap(entry => fromProperties(read(entry)));
  if (byMaven.length > 0) return byMaven;
  const manifest = entries.find(entry => entry.name === MANIFEST);
  const main = manifest ? mainSection(read(manifest)) : new Map<string, string>();
  const [, byName, versionByName] = /^(.+?)-(\d[\w.+-]*)\.\w+$/.exec(posix.basename(name)) ?? [];
  const version = valueOf(main, 'Implementation-Version', 'Bundle-Version', 'Specification-Version') ?? versionByName;
  const group = valueOf(main, 'Implementation-Vendor-Id');
  const symbolic = valueOf(main, 'Bundle-SymbolicName')?.split(';')[0]?.trim();
  const artifact =
    byName ?? symbolic ?? valueOf(main, 'Automatic-Module-Name') ?? posix.basename(name).replace(/\.\w+$/, '');
  const license = valueOf(main, 'Bundle-License');
  const title = group !== undefined && /^[\w.-]+$/.test(group) ? `${group}:${artifact}` : artifact;
  return [...found('maven', title, version, license?.includes('://') ? undefined : license)];
}

function fromProperties(bytes: Buffer): readonly FoundPackage[] {
  const values = new Map<string, string>();
  for (const line of bytes.toString('latin1').split(/\r?\n/)) {
    const [, key, value] = /^\s*(groupId|artifactId|version)\s*[=:]\s*(.*?)\s*$/.exec(line) ?? [];
    if (key !== undefined && value) values.set(key, value);
  }
  const [group, artifact] = [values.get('groupId'), values.get('artifactId')];
  return artifact === undefined ? [] : found('maven', group ? `${group}:${artifact}` : artifact, values.get('version'));
}

/** Reads a manifest's attributes up to its first empty line. Long lines continue in the next. */
function mainSection(bytes: Buffer): ReadonlyMap<string, string> {
  const [text = ''] = bytes.toString('utf8').replaceAll(/\r\n?/g, '\n').split('\n\n', 1);
  const values = new Map<string, string>();
  for (const line of text.replaceAll('\n ', '').split('\n')) {
    const at = line.indexOf(':');
    if (at > 0) values.set(line.slice(0, at), line.slice(at + 1).trim());
  }
  return values;
}

/** Returns the first value that was filled in. */
function valueOf(values: ReadonlyMap<string, string>, ...names: readonly string[]): string | undefined {
  return names
    .map(name => values.get(name))
    .find(value => value !== undefined && value !== '' && !value.includes('${'));
}
