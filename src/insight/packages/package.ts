/** A package that an image has installed. */
export interface Package {
  readonly name: string;
  /**
   * As its package manager writes it; for rpm `epoch:version-release`, or `version-release` without
   * an epoch.
   */
  readonly version: string;
  /** '' where the database does not say. */
  readonly arch: string;
}
