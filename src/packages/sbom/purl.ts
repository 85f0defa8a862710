import { PackageURL } from 'packageurl-js';
import type { InstalledPackage, OperatingSystem, PackageType } from '../package.ts';
import type { SbomSubject } from './sbomSubject.ts';

/** The parts of a package URL (purl-spec). */
interface Parts {
  readonly type: string;
  readonly namespace?: string | undefined;
  readonly name: string;
  readonly version?: string | undefined;
  readonly qualifiers?: Readonly<Record<string, string | undefined>>;
}

/** Returns a package's URL; `undefined` if its name or version can't be part of one. */
export function packageUrl(one: InstalledPackage, os: OperatingSystem | undefined): string | undefined {
  return urlOf(PARTS[one.type](one, os));
}

/** Returns an image's URL. */
export function imageUrl({ reference, digest, platform }: SbomSubject): string | undefined {
  const { registry, repository, tag } = reference;
  return urlOf({
    type: 'oci',
    name: repository.slice(repository.lastIndexOf('/') + 1).toLowerCase(),
    version: digest,
    qualifiers: { arch: platform.architecture, repository_url: `${registry}/${repository}`, tag },
  });
}

function urlOf({ type, namespace, name, version, qualifiers = {} }: Parts): string | undefined {
  const filled = Object.fromEntries(
    Object.entries(qualifiers).filter((pair): pair is [string, string] => Boolean(pair[1])),
  );
  try {
    return new PackageURL(type, namespace, name, version, filled, undefined).toString();
  } catch {
    return undefined;
  }
}

type ToParts = (one: InstalledPackage, os: OperatingSystem | undefined) => Parts;

const PARTS: Readonly<Record<PackageType, ToParts>> = {
  dpkg: ofSystem('deb'),
  apk: ofSystem('apk'),
  rpm: (one, os) => {
    const [, epoch, version] = /^(?:(\d+):)?(.*)$/.exec(one.version) ?? [];
    const parts = ofSystem('rpm')(one, os);
    return { ...parts, version, qualifiers: { ...parts.qualifiers, epoch } };
  },
  npm: split('npm', '/'),
  pypi: ({ name, version }) => ({ type: 'pypi', name, version }),
  gem: ({ name, version }) => ({ type: 'gem', name, version }),
  golang: (one, os) => {
    const parts = split('golang', '/')(one, os);
    return one.version === '(devel)' ? { ...parts, version: undefined } : parts;
  },
  cargo: ({ name, version }) => ({ type: 'cargo', name, version }),
  maven: split('maven', ':'),
  nuget: ({ name, version }) => ({ type: 'nuget', name, version }),
  composer: split('composer', '/'),
};

/** The namespace of a system's packages is the system. */
function ofSystem(type: string): ToParts {
  return ({ name, version, arch }, os) => ({
    type,
    namespace: os?.id ?? 'linux',
    name,
    version,
    qualifiers: { arch, distro: os?.version === undefined ? os?.id : `${os.id}-${os.version}` },
  });
}

/** The namespace is everything before the last separator. */
function split(type: string, separator: string): ToParts {
  return ({ name, version }) => {
    const at = name.lastIndexOf(separator);
    return at === -1
      ? { type, name, version }
      : { type, namespace: name.slice(0, at), name: name.slice(at + 1), version };
  };
}
