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

/** The databases that can be read: where they lie, and how. */
export const PACKAGE_DATABASES = [
  { kind: 'dpkg', path: 'var/lib/dpkg/status', read: readDpkg },
  { kind: 'apk', path: 'lib/apk/db/installed', read: readApk },
  { kind: 'apk', path: 'usr/lib/apk/db/installed', read: readApk },
] as const;

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
