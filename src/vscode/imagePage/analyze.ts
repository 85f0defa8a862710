import { analyzeImage, type AnalysisPorts } from '../../insight/analyzeImage.ts';
import type { ResolvedImage } from '../../oci/image.ts';
import { readLayers } from '../../workers/readLayers.ts';
import { withTransfer } from '../common/progress.ts';
import { layerRequest, type LayerNeeds } from '../files/layerRequest.ts';
import type { ImageFiles } from '../files/imageFiles.ts';
import type { PackageLists } from '../files/packageLists.ts';
import type { Pulls } from '../images/pulls.ts';
import { imageName } from '../registries/imageName.ts';
import type { PageAnalysis } from './imageHtml.ts';

/** What an analysis needs. */
export interface AnalysisNeeds extends LayerNeeds {
  readonly files: ImageFiles;
  readonly packageLists: PackageLists;
  readonly pulls: Pulls;
}

/** Analyses an image's files and packages, showing progress. @throws what reading a layer throws */
export async function analyze(image: ResolvedImage, needs: AnalysisNeeds): Promise<PageAnalysis> {
  const [{ openLayer }, { SociIndexes }] = await Promise.all([
    import('../../layerAccess/openLayer.ts'),
    import('../../resolve/sociIndexes.ts'),
  ]);
  const soci = new SociIndexes(image, () => needs.registries.clientFor(image.reference.registry));
  const title = `Reading ${imageName(image.reference, needs.registries)}`;
  return withTransfer(title, async (signal, report) => {
    const listings: AnalysisPorts['listings'] = layers =>
      needs.pulls.use(work =>
        readLayers(layers, { signal, report }, async (layer, onProgress, reading) => {
          const request = { ...layerRequest(image, layer, needs), soci, verifiedOnly: true, onProgress };
          return (await openLayer(work, request, reading)).listing;
        }),
      );
    const analysis = await analyzeImage(image.layers, { listings }, signal);
    const packages = await needs.packageLists.of(image, await needs.files.tree(image, signal), signal);
    return { ...analysis, packages };
  });
}
