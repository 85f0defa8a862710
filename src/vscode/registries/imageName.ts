import { localPath } from '../../layout/localAddress.ts';
import { familiarName, type Reference } from '../../oci/reference.ts';
import type { Registries } from './registries.ts';

/** What people call an image: as they would type it; one on this machine by its folder or archive, with its tag where the name does not end with it anyway. */
export function imageName(reference: Reference, registries: Registries): string {
  const { label, url } = registries.settingOf(reference.registry);
  if (localPath(url) === undefined || label === undefined) return familiarName(reference);
  const { tag } = reference;
  return tag === undefined || label.endsWith(tag) ? label : `${label}:${tag}`;
}
