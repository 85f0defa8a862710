import type { Layer } from '../../oci/layer.ts';
import type { BrowseRequest } from '../../layerAccess/layerPass.ts';
import type { ResolvedImage } from '../../oci/image.ts';
import type { Services } from '../features.ts';

/** Where a layer of an image is to be had, and how much it may hold by the settings. Tells nobody of its progress. */
export function layerRequest(
  { reference: { registry, repository } }: ResolvedImage,
  layer: Layer,
  { registries, settings }: Pick<Services, 'registries' | 'settings'>,
): BrowseRequest {
  const { maxBytes, maxEntries } = settings();
  return {
    layer,
    repository,
    blobs: async () => (await registries.clientFor(registry)).blobs(repository),
    origin: () => registries.originOf(registry),
    limits: { maxBytes, maxEntries },
    onProgress: () => undefined,
  };
}
