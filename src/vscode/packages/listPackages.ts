import { formatPlatform } from '../../oci/platform.ts';
import { formatReference } from '../../oci/reference.ts';
import { IMAGE_FIELDS } from '../command/chooseImage.ts';
import { command } from '../command/command.ts';
import { imageName } from '../registries/imageName.ts';
import { choosePackages, type PackageNeeds } from './choosePackages.ts';
import { pickPackage } from './pickPackage.ts';

const TITLE = 'Show Packages';

/** Lists what an image has installed, and opens the file that records the package chosen there. */
export const listPackages = command(IMAGE_FIELDS, async (argument, needs: PackageNeeds, call) => {
  const chosen = await choosePackages(argument, needs, call, TITLE);
  if (!chosen) return undefined;
  if (call.interactive) await pickPackage(chosen, `${TITLE}: ${imageName(chosen.image.reference, needs.registries)}`);
  const { image, found } = chosen;
  return {
    reference: formatReference(image.reference),
    digest: image.manifestDigest,
    platform: formatPlatform(image.platform),
    ...found,
  };
});
