import type { ResolvedImage } from '../../oci/image.ts';
import { formatPlatform } from '../../oci/platform.ts';
import { formatReference } from '../../oci/reference.ts';
import { chooseImage, IMAGE_FIELDS } from '../command/chooseImage.ts';
import { command } from '../command/command.ts';
import { analyze } from './analyze.ts';
import { type PageNeeds, showPage } from './imagePage.ts';

/** Shows a page about an image: what it is, what it runs, how it was built. */
export const showImagePage = command(IMAGE_FIELDS, async (argument, needs: PageNeeds, call) => {
  const image = await chooseImage(argument, needs, call, 'Show Image Page');
  if (!image) return undefined;
  await showPage(image, needs);
  return factsOf(image);
});

/** Reads an image's layers, and shows large files, wasted space and likely secrets on its page. */
export const analyzeImage = command(IMAGE_FIELDS, async (argument, needs: PageNeeds, call) => {
  const image = await chooseImage(argument, needs, call, 'Analyze Image');
  if (!image) return undefined;
  const analysis = await analyze(image, needs);
  await showPage(image, needs, analysis);
  const { space, secrets } = analysis;
  return {
    ...factsOf(image),
    visibleBytes: space.visibleBytes,
    wastedBytes: space.hiddenBytes,
    diveWastedBytes: space.diveBytes,
    wasted: space.hidden,
    secrets,
  };
});

function factsOf({ reference, manifestDigest, platform }: ResolvedImage): Record<string, unknown> {
  return {
    reference: formatReference(reference),
    digest: manifestDigest,
    platform: formatPlatform(platform),
  };
}
