import { formatPlatform } from '../../oci/platform.ts';
import { askReference } from '../command/ask.ts';
import type { ImageNeeds } from '../command/chooseImage.ts';
import { choosePlatformFor } from '../command/choosePlatform.ts';
import { command } from '../command/command.ts';
import type { JsonDocuments } from './documents.ts';

interface Needs extends ImageNeeds {
  readonly documents: JsonDocuments;
}

/**
 * Opens the manifest as read-only JSON: the index if the reference names one and no platform is
 * given.
 */
export const showManifest = command(['reference', 'platform'], async (argument, needs: Needs) => {
  const reference = await askReference(argument, needs, 'Show Manifest');
  return reference && needs.documents.show('manifest', reference, argument.platform);
});

/** Opens the image's config as read-only JSON. */
export const showConfig = command(['reference', 'platform'], async (argument, needs: Needs, call) => {
  const reference = await askReference(argument, needs, 'Show Image Config');
  if (!reference) return undefined;
  const image = await choosePlatformFor(reference, argument.platform, needs.lookup, call, 'Show Image Config');
  if (!image) return undefined;
  // The user may have chosen the platform just now. If the image has only one, its name leaves it
  // out.
  const single = image.digest === image.manifestDigest;
  const platform = argument.platform ?? (single ? undefined : formatPlatform(image.platform));
  return needs.documents.show('config', reference, platform);
});
