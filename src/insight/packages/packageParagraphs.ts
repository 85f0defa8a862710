import type { Package } from './package.ts';

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

/** Reads a file of a distroless image, whose packages are installed even if they have no status. */
export function readDpkgPart(text: string): readonly Package[] {
  return packagesIn(text, ': ', DPKG_FIELDS);
}

/** Reads apk's `installed` (apk-tools, installed database, version 2). */
export function readApk(text: string): readonly Package[] {
  return packagesIn(text, ':', { name: 'P', version: 'V', arch: 'A' });
}

/** Reads paragraphs of fields; each paragraph describes a package. */
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
