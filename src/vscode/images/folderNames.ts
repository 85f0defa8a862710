import { digestHex } from '../../oci/digest.ts';
import type { Reference } from '../../oci/reference.ts';

/**
 * Names the default folder for pulling an image: the repository's last part, then the tag or,
 * without one, the digest's first digits.
 */
export function defaultFolderName(reference: Reference): string {
  const last = reference.repository.slice(reference.repository.lastIndexOf('/') + 1);
  const version = reference.tag ?? (reference.digest ? digestHex(reference.digest).slice(0, 12) : 'latest');
  // Windows drops trailing dots.
  return `${last}-${version}`.replace(/\.+$/, '');
}

/** Returns the first of `name-2`, `name-3`… that is free. */
export function freeName(name: string, taken: (name: string) => boolean): string {
  for (let number = 2; ; number++) {
    const candidate = `${name}-${number}`;
    if (!taken(candidate)) return candidate;
  }
}
