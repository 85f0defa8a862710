import type { Analysis } from '../../insight/analysis.ts';
import type { ResolvedImage } from '../../oci/image.ts';
import { imageName } from '../registries/imageName.ts';
import { contentsOf, type ContentNeeds } from './layerContents.ts';
import { withTransfer } from '../common/progress.ts';

/** What the files of an image's layers tell, once all are read: which are large, which only cost space, which look like secrets. @throws what reading a layer throws */
export async function analyze(image: ResolvedImage, needs: ContentNeeds): Promise<Analysis> {
  return withTransfer(`Reading ${imageName(image.reference, needs.registries)}`, async (signal, report) => {
    const [{ analysisSteps }, { inSlices }] = await Promise.all([
      import('../../insight/analysis.ts'),
      import('../../browse/formats/slices.ts'),
    ]);
    const layers = await contentsOf(image, image.layers, needs, { signal, report });
    return inSlices(analysisSteps(layers), signal);
  });
}
