import type { Package } from '../../packages/package.ts';

/** Packages that were added, removed, or have another version. Each list is sorted by name. */
export interface PackageChanges {
  readonly added: readonly PackageChange[];
  readonly removed: readonly PackageChange[];
  readonly changed: readonly PackageChange[];
}

export interface PackageChange {
  /** With the architecture where an image has several: `libc6:i386`, `glibc.i686`. */
  readonly name: string;
  readonly before?: string;
  readonly after?: string;
}

/** Versions by architecture. */
type Variants = ReadonlyMap<string, string>;

/**
 * Compares packages by name. Where either side has a package for several architectures, each of
 * them is a package of its own. Several versions of a package (rpm's kernels) count as one, `1, 2`.
 * @param kind the package manager
 */
export function comparePackages(kind: string, left: readonly Package[], right: readonly Package[]): PackageChanges {
  const [before, after] = [byName(left), byName(right)];
  const separator = kind === 'rpm' ? '.' : ':';
  const changes = [...new Set([...before.keys(), ...after.keys()])].sort().flatMap(name => {
    const [old = NONE, now = NONE] = [before.get(name), after.get(name)];
    if (old.size <= 1 && now.size <= 1) return [change(name, [...old.values()][0], [...now.values()][0])];
    const archs = [...new Set([...old.keys(), ...now.keys()])].sort();
    return archs.map(arch => change(`${name}${separator}${arch}`, old.get(arch), now.get(arch)));
  });
  return {
    added: changes.filter(({ before: version }) => version === undefined),
    removed: changes.filter(({ after: version }) => version === undefined),
    changed: changes.filter(one => one.before !== undefined && one.after !== undefined && one.before !== one.after),
  };
}

const NONE: Variants = new Map();

function byName(packages: readonly Package[]): ReadonlyMap<string, Variants> {
  const found = new Map<string, Map<string, string>>();
  for (const [name, variants] of Map.groupBy(packages, one => one.name)) {
    const versions = new Map<string, string>();
    for (const [arch, same] of Map.groupBy(variants, one => one.arch ?? ''))
      versions.set(arch, [...new Set(same.map(({ version }) => version))].sort().join(', '));
    found.set(name, versions);
  }
  return found;
}

function change(name: string, before: string | undefined, after: string | undefined): PackageChange {
  return { name, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
}
