import type { LayerContent } from '../../insight/layerContent.ts';
import type { Layer } from '../../oci/layer.ts';
import type { ResolvedImage } from '../../oci/image.ts';
import { layerRequest } from '../files/layerRequest.ts';
import { readLayers, type ReadingWatch } from '../files/readLayers.ts';
import type { CommandServices } from '../features.ts';

/**
 * What layers of an image add and take away, base first: by what the cache knows of them, else by reading each once.
 * @throws what reading a layer throws
 */
export async function contentsOf(
  image: ResolvedImage,
  layers: readonly Layer[],
  services: CommandServices,
  watch: ReadingWatch,
): Promise<LayerContent[]> {
  const [{ browseLayer }, { layerContentSteps }, { inSlices }, { SociIndexes }] = await Promise.all([
    import('../../layerAccess/openLayer.ts'),
    import('../../insight/layerContentOf.ts'),
    import('../../browse/formats/slices.ts'),
    import('../../resolve/sociIndexes.ts'),
  ]);
  const soci = new SociIndexes(image, () => services.registries.clientFor(image.reference.registry));
  const indexes = await services.pulls.use(puller =>
    readLayers(layers, watch, async (layer, onProgress, signal) => {
      const request = { ...layerRequest(image, layer, services), soci, verifiedOnly: true, onProgress };
      const { index } = await browseLayer(puller, request, signal);
      return index;
    }),
  );
  const contents: LayerContent[] = [];
  // One after the other, lest the thread is held up by many at once.
  for (const [at, { number }] of layers.entries()) {
    const index = indexes[at];
    if (index) contents.push(await inSlices(layerContentSteps(index, number), watch.signal));
  }
  return contents;
}
