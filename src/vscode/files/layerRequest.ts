import type { BrowseRequest } from '../../layerAccess/layerPass.ts';
import type { ResolvedImage } from '../../oci/image.ts';
import type { Layer } from '../../oci/layer.ts';
import type { Registries } from '../registries/registries.ts';
import type { Settings } from '../settings/settings.ts';

/** What reading a layer takes. */
export interface LayerNeeds {
  readonly registries: Registries;
  readonly settings: () => Settings;
}

/** Describes how to read a layer of an image: its origin and the limits of the settings. */
export function layerRequest(
  { reference: { registry, repository } }: ResolvedImage,
  layer: Layer,
  { registries, settings }: LayerNeeds,
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
