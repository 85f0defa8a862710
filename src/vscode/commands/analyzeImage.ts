import { formatPlatform } from '../../oci/platform.ts';
import { formatReference } from '../../oci/reference.ts';
import { chooseImage } from '../chooseImage.ts';
import { imageName } from '../imageName.ts';
import { contentsOf } from '../layerContents.ts';
import { showPage } from '../page/imagePage.ts';
import { withTransfer } from '../progress.ts';
import type { RunCommand } from './table.ts';

/** Reads all layers of an image, and shows on its page which files are large, only cost space, or look like secrets. */
export const analyzeImage: RunCommand = async (argument, services) => {
  const image = await chooseImage(argument, services, 'Analyze Image');
  if (!image) return undefined;
  const [{ spaceOf }, { secretFiles }] = await Promise.all([
    import('../../insight/space.ts'),
    import('../../insight/secretFiles.ts'),
  ]);
  const layers = await withTransfer(`Reading ${imageName(image.reference, services.registries)}`, (signal, report) =>
    contentsOf(image, image.layers, services, { signal, report }),
  );
  const space = spaceOf(layers);
  const secrets = secretFiles(layers);
  await showPage(image, services.registries, { layers, space, secrets });
  return {
    reference: formatReference(image.reference),
    digest: image.manifestDigest,
    platform: formatPlatform(image.platform),
    visibleBytes: space.visibleBytes,
    wastedBytes: space.hiddenBytes,
    wasted: space.hidden,
    secrets,
  };
};
