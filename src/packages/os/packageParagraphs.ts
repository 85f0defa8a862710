import type { Package } from '../package.ts';

/** A package and the files that belong to it: paths from the image's root. */
export interface OwningPackage extends Package {
  readonly files: readonly string[];
}

/**
 * The states (dpkg(1), "Package states") in which a package's files are in place. Half-installed
 * packages have only some of theirs, and config-files means removed.
 */
const PRESENT = / (?:installed|triggers-pending|triggers-awaited|half-configured|unpacked)$/;

/** Reads the installed packages of dpkg's `status` (deb-control(5)). */
export function readDpkg(text: string): readonly Package[] {
  return paragraphs(text).flatMap(paragraph => {
    const fields = fieldsOf(paragraph, ': ');
    return PRESENT.test(fields.get('Status') ?? '') ? dpkgPackage(fields) : [];
  });
}

/** Reads a file of a distroless image, whose packages are installed even if they have no status. */
export function readDpkgPart(text: string): readonly Package[] {
  return paragraphs(text).flatMap(paragraph => dpkgPackage(fieldsOf(paragraph, ': ')));
}

function dpkgPackage(fields: ReadonlyMap<string, string>): readonly Package[] {
  return packageOf({
    name: fields.get('Package'),
    version: fields.get('Version'),
    arch: fields.get('Architecture'),
    // With the version in parentheses if it differs.
    source: fields.get('Source'),
    license: undefined,
  });
}

/** Reads apk's `installed` (apk-tools, installed database, version 2). */
export function readApk(text: string): readonly OwningPackage[] {
  return paragraphs(text).flatMap(paragraph => {
    const fields = fieldsOf(paragraph, ':');
    const files: string[] = [];
    let folder = '';
    for (const line of paragraph.split('\n')) {
      if (line.startsWith('F:')) folder = line.slice(2);
      else if (line.startsWith('R:')) files.push(folder === '' ? line.slice(2) : `${folder}/${line.slice(2)}`);
    }
    const found = packageOf({
      name: fields.get('P'),
      version: fields.get('V'),
      arch: fields.get('A'),
      license: fields.get('L'),
      source: fields.get('o'),
    });
    return found.map(one => ({ ...one, files }));
  });
}

function paragraphs(text: string): readonly string[] {
  return text.split(/\n{2,}/);
}

/** Omits what is missing or empty; returns nothing without a name or version. */
function packageOf(given: { readonly [Key in keyof Package]-?: Package[Key] | undefined }): readonly Package[] {
  const { name, version, ...rest } = given;
  if (!name || !version) return [];
  return [{ name, version, ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value)) }];
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
