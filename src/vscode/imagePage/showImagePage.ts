import { chooseImage } from '../command/chooseImage.ts';
import { formatPlatform } from '../../oci/platform.ts';
import { formatReference } from '../../oci/reference.ts';
import { showPage } from './imagePage.ts';
import type { RunCommand } from '../commandTable.ts';

/** Shows a page about an image: what it is, what it runs, how it was made. */
export const showImagePage: RunCommand = async (argument, services) => {
  const image = await chooseImage(argument, services, 'Show Image Page');
  if (!image) return undefined;
  await showPage(image, services);
  return {
    reference: formatReference(image.reference),
    digest: image.manifestDigest,
    platform: formatPlatform(image.platform),
  };
};
