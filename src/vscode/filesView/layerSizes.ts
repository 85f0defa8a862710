import type { Layer } from '../../oci/layer.ts';
import type { TreeContext } from '../tree/treeNode.ts';
import type { ImagePlace } from '../registries/imagePlace.ts';

/** Asks the registry for the sizes that schema 1 does not tell. A size that cannot be had stays unknown: the layers are shown all the same. */
export async function withSizes(
  { services }: TreeContext,
  { reference }: ImagePlace,
  layers: readonly Layer[],
  signal: AbortSignal,
): Promise<readonly Layer[]> {
  if (layers.every(layer => layer.descriptor.size >= 0)) return layers;
  const client = await services.registries.clientFor(reference.registry);
  return Promise.all(
    layers.map(async layer => {
      const { descriptor } = layer;
      if (descriptor.size >= 0) return layer;
      try {
        const size = await client.blobSize(reference.repository, descriptor.digest, signal);
        return { ...layer, descriptor: { ...descriptor, size } };
      } catch (error) {
        services.log.debug(`No size for ${descriptor.digest}: ${String(error)}`);
        return layer;
      }
    }),
  );
}
