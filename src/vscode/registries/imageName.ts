import { localPath } from '../../layout/localAddress.ts';
import { familiarName, type Reference } from '../../oci/reference.ts';
import type { Registries } from './registries.ts';

/**
 * Returns an image's name as the user would type it. An image on this machine is named by its
 * folder or archive, plus the tag unless the name already ends with it.
 */
export function imageName(reference: Reference, registries: Registries): string {
  const { label, url } = registries.settingOf(reference.registry);
  if (localPath(url) === undefined || label === undefined) return familiarName(reference);
  const { tag } = reference;
  return tag === undefined || label.endsWith(tag) ? label : `${label}:${tag}`;
}
