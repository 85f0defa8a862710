import { availableParallelism } from 'node:os';
import type { MergedTree } from '../../browse/mergedTree.ts';
import type { Layer } from '../../oci/layer.ts';
import type { BrowseRequest } from '../../pull/layerPass.ts';
import { findLayer } from '../../pull/oneLayer.ts';
import type { Pulls } from '../pulls.ts';
import type { Services } from '../services.ts';
import type { SearchRun } from './searchRun.ts';

/**
 * Does a search, from opening the layers to its end, and tells the run what it finds. Answers whether the limit ended it.
 * @throws what opening the layers throws, {@link InvalidQueryError}, {@link NoSuchPathError}, and the signal's reason
 */
export async function runSearch(
  run: SearchRun,
  services: Services,
  pulls: Pulls,
): Promise<{ readonly limited: boolean }> {
  const [{ compileQuery }, { searchFiles }, { layerArchive }] = await Promise.all([
    import('../../search/query.ts'),
    import('../../search/searchFiles.ts'),
    import('../../pull/layerArchive.ts'),
  ]);
  const { image, path } = run.place;
  const { include, exclude, ...query } = run.terms;
  compileQuery(query);
  const tree = await treeOf(run, services);
  const script = new URL('./searchWorker.js', import.meta.url);
  const threads = services.settings().concurrency ?? availableParallelism();
  return pulls.use(puller =>
    searchFiles(
      { tree, from: tree.find(path), query, include, exclude, most: run.most },
      {
        archive: (layer, signal) => layerArchive(puller, requestFor(run, findLayer(image, layer), services), signal),
        script,
        threads,
        signal: run.signal,
      },
      run,
    ),
  );
}

/** The files to search. A layer that cannot be read takes its own away, not those of the others. */
async function treeOf(run: SearchRun, { files }: Services): Promise<MergedTree> {
  const { image, layer } = run.place;
  const { signal } = run;
  if (layer !== undefined) return files.layer(image, findLayer(image, layer), signal);
  try {
    return await files.tree(image, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    const { MergedTree: Tree } = await import('../../browse/mergedTree.ts');
    const opened = image.layers.map(async each => {
      try {
        return { number: each.number, files: await files.open(image, each, signal) };
      } catch (cause) {
        run.failed(each.number, cause);
        return undefined;
      }
    });
    const there = (await Promise.all(opened)).filter(each => each !== undefined);
    if (there.length === 0) throw error;
    return Tree.of(there);
  }
}

function requestFor({ place }: SearchRun, layer: Layer, { registries, settings }: Services): BrowseRequest {
  const { registry, repository } = place.image.reference;
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
