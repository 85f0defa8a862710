import type { Package, PackageType } from '../package.ts';

/** A package recorded in a file. */
export interface FoundPackage extends Package {
  readonly type: PackageType;
  /** See `InstalledPackage.inside`. */
  readonly inside?: string;
}

/** What a file says about packages. */
export interface Finding {
  readonly packages: readonly FoundPackage[];
  /** What could not be read of it, each as the end of a sentence that begins with its path. */
  readonly notes?: readonly string[];
}

export const NOTHING: Finding = { packages: [] };

/** Longer names, versions and licenses are not what they claim to be. */
const MOST = 500;

/**
 * Returns a package unless its name or version isn't text of a sensible length. A license that
 * isn't is left out.
 */
export function found(type: PackageType, name: unknown, version: unknown, license?: string): readonly FoundPackage[] {
  if (!isShort(name) || !isShort(version)) return [];
  return [{ type, name, version, ...(isShort(license) ? { license } : {}) }];
}

function isShort(text: unknown): text is string {
  return typeof text === 'string' && text !== '' && text.length <= MOST;
}
