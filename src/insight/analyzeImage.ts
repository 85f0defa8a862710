import { inSlices } from '../browse/formats/slices.ts';
import type { LayerEntries } from '../browse/listing/layerEntries.ts';
import type { Layer } from '../oci/layer.ts';
import { analysisOf, type Analysis } from './analysis.ts';
import type { LayerContent } from './layerContent.ts';
import { layerContentOf } from './layerContentOf.ts';

/** What an analysis needs from its caller. */
export interface AnalysisPorts {
  /** Lists layers in order, from the cache or by reading them, showing progress. */
  readonly listings: (layers: readonly Layer[], signal: AbortSignal) => Promise<readonly LayerEntries[]>;
}

/**
 * Reads the layers of an image, and finds its largest files, wasted space and likely secrets.
 * @param layers base first
 * @throws what reading a layer throws
 */
export async function analyzeImage(
  layers: readonly Layer[],
  { listings }: AnalysisPorts,
  signal: AbortSignal,
): Promise<Analysis> {
  const contents: LayerContent[] = [];
  // One after another, so that slices of several layers don't add up to a blocked thread.
  for (const [at, listing] of (await listings(layers, signal)).entries())
    contents.push(await inSlices(layerContentOf(listing, layers[at]?.number ?? 0), signal));
  return inSlices(analysisOf(contents), signal);
}
