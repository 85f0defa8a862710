import type { LayerContent } from '../../insight/layerContent.ts';
import type { Layer } from '../../oci/layer.ts';
import type { ResolvedImage } from '../../oci/image.ts';
import { layerRequest, type LayerNeeds } from '../files/layerRequest.ts';
import type { Pulls } from '../images/pulls.ts';
import { readLayers, type TransferWatch } from '../../workers/readLayers.ts';

/** What reading layers as a whole takes. */
export interface ContentNeeds extends LayerNeeds {
  readonly pulls: Pulls;
}

/**
 * What layers of an image add and take away, base first: by what the cache knows of them, else by reading each once.
 * @throws what reading a layer throws
 */
export async function contentsOf(
  image: ResolvedImage,
  layers: readonly Layer[],
  needs: ContentNeeds,
  watch: TransferWatch,
): Promise<LayerContent[]> {
  const [{ openLayer }, { layerContentSteps }, { inSlices }, { SociIndexes }] = await Promise.all([
    import('../../layerAccess/openLayer.ts'),
    import('../../insight/layerContentOf.ts'),
    import('../../browse/formats/slices.ts'),
    import('../../resolve/sociIndexes.ts'),
  ]);
  const soci = new SociIndexes(image, () => needs.registries.clientFor(image.reference.registry));
  const listings = await needs.pulls.use(puller =>
    readLayers(layers, watch, async (layer, onProgress, signal) => {
      const request = { ...layerRequest(image, layer, needs), soci, verifiedOnly: true, onProgress };
      const { listing } = await openLayer(puller, request, signal);
      return listing;
    }),
  );
  const contents: LayerContent[] = [];
  // One after the other, lest the thread is held up by many at once.
  for (const [at, { number }] of layers.entries()) {
    const listing = listings[at];
    if (listing) contents.push(await inSlices(layerContentSteps(listing, number), watch.signal));
  }
  return contents;
}
