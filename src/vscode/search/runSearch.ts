import { availableParallelism } from 'node:os';
import { findLayer } from '../../pull/oneLayer.ts';
import { searchStages, type SearchStage, type StagePorts } from '../../search/stages.ts';
import { searchFiles } from '../../search/searchFiles.ts';
import { layerArchive } from '../../layerAccess/layerArchive.ts';
import { layerRequest, type LayerNeeds } from '../files/layerRequest.ts';
import type { Pulls } from '../images/pulls.ts';
import type { LogOutputChannel } from 'vscode';
import type { ImageFiles } from '../files/imageFiles.ts';
import type { SearchRun } from './searchRun.ts';

/** What a search needs. */
export interface SearchNeeds extends LayerNeeds {
  readonly files: ImageFiles;
  readonly log: LogOutputChannel;
  readonly pulls: Pulls;
}

/**
 * Does a search and reports its events to the run. Returns whether the limit ended it.
 * @throws what opening the layers throws, {@link InvalidQueryError}, {@link NoSuchPathError}, and
 * the signal's reason
 */
export function runSearch(run: SearchRun, needs: SearchNeeds): Promise<{ readonly limited: boolean }> {
  const { files, settings } = needs;
  const { image, layer, path } = run.place;
  const { include, exclude, ...query } = run.terms;
  const stages = (signal: AbortSignal): AsyncGenerator<SearchStage> => {
    const ports: StagePorts = {
      merged: () => files.tree(image, signal),
      single: number => files.layer(image, findLayer(image, number), signal),
      open: number => files.open(image, findLayer(image, number), signal),
      failed: (number, error) => run.failed(number, error),
    };
    return searchStages({ layers: image.layers.map(({ number }) => number), layer, path }, ports, signal);
  };
  return needs.pulls.use(work =>
    searchFiles(
      { stages, path, query, include, exclude, most: run.most },
      {
        archive: (number, signal) => layerArchive(work, layerRequest(image, findLayer(image, number), needs), signal),
        script: new URL('./searchWorker.js', import.meta.url),
        threads: settings().concurrency ?? availableParallelism(),
        signal: run.signal,
      },
      run,
    ),
  );
}
