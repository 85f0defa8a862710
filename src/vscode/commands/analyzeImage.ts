import { formatPlatform } from '../../oci/platform.ts';
import { familiarName, formatReference } from '../../oci/reference.ts';
import { askReference } from '../ask.ts';
import { choosePlatformFor } from '../choosePlatform.ts';
import { contentsOf } from '../layerContents.ts';
import { showPage } from '../page/imagePage.ts';
import { withTransfer } from '../progress.ts';
import type { RunCommand } from './table.ts';

/** Reads all layers of an image, and shows on its page which files are large, only cost space, or look like secrets. */
export const analyzeImage: RunCommand = async (argument, services) => {
  const reference = await askReference(argument, 'Analyze Image');
  const image = reference && (await choosePlatformFor(reference, argument.platform, services, 'Analyze Image'));
  if (!image) return undefined;
  const [{ spaceOf }, { secretFiles }] = await Promise.all([
    import('../../insight/space.ts'),
    import('../../insight/secretFiles.ts'),
  ]);
  const layers = await withTransfer(`Reading ${familiarName(reference)}`, (signal, report) =>
    contentsOf(image, image.layers, services, { signal, report }),
  );
  const space = spaceOf(layers);
  const secrets = secretFiles(layers);
  await showPage(image, { layers, space, secrets });
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
