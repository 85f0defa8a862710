import { availableParallelism } from 'node:os';
import type { LayerFiles } from '../../browse/sources/layerFiles.ts';
import { findLayer } from '../../pull/oneLayer.ts';
import type { SearchStage } from '../../search/stages.ts';
import { layerRequest, type LayerNeeds } from '../files/layerRequest.ts';
import type { Pulls } from '../images/pulls.ts';
import type { LogOutputChannel } from 'vscode';
import type { ImageFiles } from '../files/imageFiles.ts';
import { settlesWithin } from '../common/settlesWithin.ts';
import type { SearchRun } from './searchRun.ts';

/** What a search takes. */
export interface SearchNeeds extends LayerNeeds {
  readonly files: ImageFiles;
  readonly log: LogOutputChannel;
  readonly pulls: Pulls;
}

/**
 * Does a search, from opening the layers to its end, and tells the run what it finds. Answers whether the limit ended it.
 * @throws what opening the layers throws, {@link InvalidQueryError}, {@link NoSuchPathError}, and the signal's reason
 */
export async function runSearch(run: SearchRun, needs: SearchNeeds): Promise<{ readonly limited: boolean }> {
  const [{ compileQuery }, { searchFiles }, { layerArchive }] = await Promise.all([
    import('../../search/query.ts'),
    import('../../search/searchFiles.ts'),
    import('../../layerAccess/layerArchive.ts'),
  ]);
  const { image, path } = run.place;
  const { include, exclude, ...query } = run.terms;
  compileQuery(query);
  const script = new URL('./searchWorker.js', import.meta.url);
  const threads = needs.settings().concurrency ?? availableParallelism();
  return needs.pulls.use(puller =>
    searchFiles(
      { stages: signal => stagesFor(run, needs, signal), path, query, include, exclude, most: run.most },
      {
        archive: (layer, signal) => layerArchive(puller, layerRequest(image, findLayer(image, layer), needs), signal),
        script,
        threads,
        signal: run.signal,
      },
      run,
    ),
  );
}

/** Layers that were opened before are there within so many milliseconds. */
const SHORT = 300;

/** What to search: all at once where all is known, else layer by layer as they are read. A layer that cannot be read takes its own files away, not those of the others. */
async function* stagesFor(run: SearchRun, { files }: SearchNeeds, signal: AbortSignal): AsyncGenerator<SearchStage> {
  const { image, layer, path } = run.place;
  if (layer !== undefined) {
    yield { tree: await files.layer(image, findLayer(image, layer), signal) };
    return;
  }
  // A layer that fails here fails again below, where it is told.
  const whole = files.tree(image, signal).catch(() => undefined);
  // What a path leads to is known when all layers are: there may be links in any of them.
  if (path !== '' || (await settlesWithin(whole, SHORT))) {
    const tree = await whole;
    if (tree) {
      yield { tree };
      return;
    }
  }
  const { stagesOf } = await import('../../search/stages.ts');
  const open = (number: number): Promise<LayerFiles> => files.open(image, findLayer(image, number), signal);
  const numbers = image.layers.map(({ number }) => number);
  const stages = stagesOf(numbers, { open, failed: (number, error) => run.failed(number, error), signal });
  if (path === '') {
    yield* stages;
    return;
  }
  let last: SearchStage | undefined;
  for await (const stage of stages) last = stage;
  if (last) yield { tree: last.tree };
}
