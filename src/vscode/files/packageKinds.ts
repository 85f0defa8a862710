import type { PackageType } from '../../packages/package.ts';

/** How kinds of packages are called in pages and prompts. */
export const PACKAGE_KINDS: Readonly<Record<PackageType, string>> = {
  dpkg: 'dpkg',
  apk: 'apk',
  rpm: 'rpm',
  npm: 'npm',
  pypi: 'Python',
  gem: 'Ruby',
  golang: 'Go',
  cargo: 'Rust',
  maven: 'Java',
  nuget: '.NET',
  composer: 'PHP',
};
