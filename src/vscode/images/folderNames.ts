import { digestHex } from '../../oci/digest.ts';
import type { Reference } from '../../oci/reference.ts';

/** The folder that an image is pulled into by default: the repository's last part and the tag, or the digest's first digits where there is no tag. */
export function defaultFolderName(reference: Reference): string {
  const last = reference.repository.slice(reference.repository.lastIndexOf('/') + 1);
  const version = reference.tag ?? (reference.digest ? digestHex(reference.digest).slice(0, 12) : 'latest');
  // Windows drops dots at a name's end.
  return `${last}-${version}`.replace(/\.+$/, '');
}

/** The first of `name-2`, `name-3`… that is free. */
export function freeName(name: string, taken: (name: string) => boolean): string {
  for (let number = 2; ; number++) {
    const candidate = `${name}-${number}`;
    if (!taken(candidate)) return candidate;
  }
}
