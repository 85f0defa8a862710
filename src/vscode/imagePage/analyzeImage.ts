import { formatPlatform } from '../../oci/platform.ts';
import { formatReference } from '../../oci/reference.ts';
import { chooseImage } from '../command/chooseImage.ts';
import { analyze } from './imageAnalysis.ts';
import { showPage } from './imagePage.ts';
import type { RunCommand } from '../commandTable.ts';

/** Reads all layers of an image, and shows on its page which files are large, only cost space, or look like secrets. */
export const analyzeImage: RunCommand = async (argument, services) => {
  const image = await chooseImage(argument, services, 'Analyze Image');
  if (!image) return undefined;
  const analysis = await analyze(image, services);
  await showPage(image, services, analysis);
  const { space, secrets } = analysis;
  return {
    reference: formatReference(image.reference),
    digest: image.manifestDigest,
    platform: formatPlatform(image.platform),
    visibleBytes: space.visibleBytes,
    wastedBytes: space.hiddenBytes,
    diveWastedBytes: space.diveBytes,
    wasted: space.hidden,
    secrets,
  };
};
