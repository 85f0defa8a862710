import { askReference } from '../command/ask.ts';
import { choosePlatformFor } from '../command/choosePlatform.ts';
import { formatPlatform } from '../../oci/platform.ts';
import type { RunCommand } from '../commandTable.ts';

/** Opens the image's config as read-only JSON. */
export const showConfig: RunCommand = async (argument, services) => {
  const reference = await askReference(argument, 'Show Image Config');
  if (!reference) return undefined;
  const image = await choosePlatformFor(reference, argument.platform, services, 'Show Image Config');
  // The platform that was found, which a person may have chosen just now; where none was named it stays open, for the document's name.
  const found =
    image &&
    (argument.platform ?? (image.digest === image.manifestDigest ? undefined : formatPlatform(image.platform)));
  return image && services.documents.show('config', reference, found);
};
