import { isObject } from '../../oci/json.ts';
import { found, NOTHING, type Finding, type FoundPackage } from './finding.ts';

/** Reads npm's `package.json`. One without name and version only marks a folder. */
export function readPackageJson(file: Buffer): Finding {
  const json = parsed(file);
  if (!isObject(json)) return NOTHING;
  const { name, version, license, licenses } = json;
  return { packages: found('npm', name, version, npmLicense(license ?? licenses)) };
}

/** A string; in old packages an object with a `type`, or a list of such. */
function npmLicense(license: unknown): string | undefined {
  if (typeof license === 'string') return license;
  if (Array.isArray(license)) {
    const all = license.map(npmLicense).filter(one => one !== undefined);
    return all.length > 1 ? `(${all.join(' OR ')})` : all[0];
  }
  return isObject(license) && typeof license['type'] === 'string' ? license['type'] : undefined;
}

/** Reads Composer's `installed.json`: version 1 is a list, version 2 an object with one. */
export function readInstalledJson(file: Buffer): Finding {
  const json = parsed(file);
  const list: unknown = isObject(json) ? json['packages'] : json;
  if (!Array.isArray(list)) return NOTHING;
  return {
    packages: list.filter(isObject).flatMap(({ name, version, license }) => {
      const licenses = Array.isArray(license) ? license.filter(one => typeof one === 'string') : [];
      return found('composer', name, version, licenses.length > 1 ? `(${licenses.join(' OR ')})` : licenses[0]);
    }),
  };
}

/**
 * Reads .NET's `*.deps.json`. Projects are the application's own, and a package without files at
 * run time is not there.
 */
export function readDepsJson(file: Buffer): Finding {
  const json = parsed(file);
  const libraries = isObject(json) ? json['libraries'] : undefined;
  if (!isObject(json) || !isObject(libraries)) return NOTHING;
  const targets = isObject(json['targets']) ? Object.values(json['targets']).filter(isObject) : [];
  const present = (id: string): boolean => targets.length === 0 || targets.some(target => hasFiles(target[id]));
  const packages: FoundPackage[] = [];
  for (const [id, library] of Object.entries(libraries)) {
    const [name, version, ...rest] = id.split('/');
    if (rest.length > 0 || !isObject(library) || library['type'] === 'project' || !present(id)) continue;
    packages.push(...found('nuget', name?.replace(/^runtimepack\./, ''), version));
  }
  return { packages };
}

function hasFiles(target: unknown): boolean {
  return (
    isObject(target) &&
    ['runtime', 'native', 'runtimeTargets', 'resources'].some(kind => {
      const files = target[kind];
      return isObject(files) && Object.keys(files).length > 0;
    })
  );
}

/** @throws {SyntaxError} */
function parsed(file: Buffer): unknown {
  return JSON.parse(file.toString('utf8').replace(/^\ufeff/, ''));
}
