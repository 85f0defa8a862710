/**
 * The kinds of packages: those of an operating system by its package manager, all others by the
 * type of their package URL.
 */
export const PACKAGE_TYPES = [
  'dpkg',
  'apk',
  'rpm',
  'npm',
  'pypi',
  'gem',
  'golang',
  'cargo',
  'maven',
  'nuget',
  'composer',
] as const;
export type PackageType = (typeof PACKAGE_TYPES)[number];

/** A package as a record in an image describes it. */
export interface Package {
  readonly name: string;
  /**
   * As its package manager writes it; for rpm `epoch:version-release`, or `version-release` without
   * an epoch.
   */
  readonly version: string;
  readonly arch?: string;
  /** As the package says, which need not be an SPDX expression. */
  readonly license?: string;
  /** The source package that an operating system's package was built from. */
  readonly source?: string;
}

/** A package found in an image. */
export interface InstalledPackage extends Package {
  readonly type: PackageType;
  /** The file of the image that records it. */
  readonly path: string;
  /** The archive inside that file, and inside that one and so on, which records it. */
  readonly inside?: string;
  /** Number of the layer that brought it; 1 is the base. */
  readonly layer: number;
}

/** An image's operating system, as its os-release says. */
export interface OperatingSystem {
  /** Lower case, such as `debian`. */
  readonly id: string;
  /** Such as `12`; absent for rolling releases. */
  readonly version?: string;
  /** Such as `Debian GNU/Linux 12 (bookworm)`. */
  readonly name: string;
  /** IDs of the systems that it derives from. */
  readonly like?: readonly string[];
}

/** What an image has installed. */
export interface ImagePackages {
  /** Absent if the image doesn't say. */
  readonly os?: OperatingSystem;
  /** By type in the order of {@link PACKAGE_TYPES}, then by name. */
  readonly packages: readonly InstalledPackage[];
  /** SBOM files in the image. They prove nothing, so their packages aren't listed. */
  readonly sboms: readonly { readonly path: string; readonly layer: number }[];
  /** What could not be read, or only in part. */
  readonly notes: readonly string[];
}
