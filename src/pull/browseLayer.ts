import { readFile } from 'node:fs/promises';
import { BlobLayer } from '../browse/blobLayer.ts';
import type { LayerFiles } from '../browse/layerFiles.ts';
import { LayerIndex } from '../browse/layerIndex.ts';
import { RestartPoints } from '../browse/points.ts';
import { writeWhole } from '../blobs/store.ts';
import type { Digest } from '../oci/digest.ts';
import { KeptToc } from './keptToc.ts';
import { fetchedBlob, indexPaths, runPass, type BrowseRequest } from './layerPass.ts';
import type { Puller } from './pullImage.ts';

/**
 * Opens one layer for browsing, the cheapest way first: by the index that was kept when it was opened before, without any request; by the layer's own table of contents,
 * of which files are then fetched one by one; else by one pass over its blob in a thread, which verifies it and keeps blob and index. @throws what a layer job throws
 */
export async function browseLayer(puller: Puller, request: BrowseRequest, signal: AbortSignal): Promise<LayerFiles> {
  const { digest } = request.layer.descriptor;
  const paths = indexPaths(puller.store, digest);
  const tocs = new KeptToc(puller, request, paths.toc);
  let index = await keptIndex(paths.index, digest);
  if (!index) {
    const made = await tocs.makeIndex(signal);
    if (made) await writeWhole(paths.index, made);
    else await runPass(puller, request, signal, paths);
    index = await keptIndex(paths.index, digest);
  }
  if (!index) throw new IndexLostError(digest);
  if (index.facts.kind === 'toc') return tocs.layer(index);
  return new BlobLayer({
    index,
    blob: reading => fetchedBlob(puller, request, reading),
    points: () => RestartPoints.read(paths.points),
  });
}

/** The index was written and could not be read again. */
export class IndexLostError extends Error {
  constructor(digest: Digest) {
    super(
      `The index of layer ${digest} was made, but cannot be read. Another program may have emptied the cache; try again.`,
    );
    this.name = 'IndexLostError';
  }
}

async function keptIndex(path: string, digest: Digest): Promise<LayerIndex | undefined> {
  const bytes = await readFile(path).catch(() => undefined);
  return bytes && LayerIndex.read(bytes, digest);
}
