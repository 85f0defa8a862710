import { MergedTree } from '../../src/browse/tree/mergedTree.ts';
import { layerArchive } from '../../src/layerAccess/layerArchive.ts';
import { openLayer } from '../../src/layerAccess/openLayer.ts';
import type { ResolvedImage } from '../../src/oci/image.ts';
import type { ImagePackages } from '../../src/packages/package.ts';
import { readPackages } from '../../src/packages/readPackages.ts';
import { findLayer } from '../../src/pull/oneLayer.ts';
import type { Pulling } from './pulling.ts';

const { signal } = new AbortController();
const SCRIPT = new URL('../../src/packages/packageWorker.ts', import.meta.url);

/** Opens all layers of an image, merged. */
export async function mergedTree(pulling: Pulling, image: ResolvedImage): Promise<MergedTree> {
  const opened = image.layers.map(async layer => ({
    number: layer.number,
    files: await openLayer(pulling.layerWork, pulling.layerRequest(image, layer), signal),
  }));
  return MergedTree.of(await Promise.all(opened));
}

/** Reads an image's packages, from layers fetched by `pulling`. */
export async function packagesIn(pulling: Pulling, image: ResolvedImage, tree?: MergedTree): Promise<ImagePackages> {
  return readPackages(
    tree ?? (await mergedTree(pulling, image)),
    {
      archive: (layer, reading) =>
        layerArchive(pulling.layerWork, pulling.layerRequest(image, findLayer(image, layer)), reading),
      script: SCRIPT,
      threads: 2,
    },
    signal,
  );
}
