import { setTimeout } from 'node:timers/promises';
import type { LayerFiles } from '../browse/sources/layerFiles.ts';
import { layerTree } from '../browse/listing/layerTree.ts';
import { MergedTree, type NumberedLayer } from '../browse/tree/mergedTree.ts';

/** Layers of an image that can be searched now, merged with all layers above them. */
export interface SearchStage {
  readonly tree: MergedTree;
  /** Numbers of the layers to search; absent = the whole tree. */
  readonly layers?: ReadonlySet<number>;
}

/** What {@link searchStages} needs from its caller. */
export interface StagePorts {
  /** Opens all layers, merged. */
  readonly merged: () => Promise<MergedTree>;
  /** Opens a layer by itself, as a tree. */
  readonly single: (layer: number) => Promise<MergedTree>;
  /** Opens a layer's files. Called for all layers at once. */
  readonly open: (layer: number) => Promise<LayerFiles>;
  /**
   * Reports a layer that can't be opened. The search goes on without it: its files are not
   * searched, and it hides none.
   */
  readonly failed: (layer: number, error: unknown) => void;
}

/** Where to search. */
export interface SearchedPlace {
  /** Numbers of all layers, base first. */
  readonly layers: readonly number[];
  /** The layer to search; absent = all layers merged. */
  readonly layer?: number | undefined;
  /** A folder or file; '' = everything. */
  readonly path: string;
}

/** Milliseconds within which layers that were opened before are available. */
const SHORT = 300;

/**
 * Yields what to search: everything at once if it opens quickly, otherwise layer by layer as they
 * open. A path needs all layers, since any of them may have links on its way.
 * @throws the error of the base if no layer can be opened, and the signal's reason
 */
export async function* searchStages(
  { layers, layer, path }: SearchedPlace,
  ports: StagePorts,
  signal: AbortSignal,
): AsyncGenerator<SearchStage> {
  if (layer !== undefined) {
    yield { tree: await ports.single(layer) };
    return;
  }
  // A layer that fails here fails again below, where that is reported.
  const merged = ports.merged().catch(() => undefined);
  const tree = await (path === '' ? Promise.race([merged, setTimeout(SHORT)]) : merged);
  if (tree) {
    yield { tree };
    return;
  }
  let last: SearchStage | undefined;
  for await (const stage of layerStages(layers, ports, signal)) {
    if (path === '') yield stage;
    last = stage;
  }
  if (path !== '' && last) yield { tree: last.tree };
}

/**
 * Yields the layers of an image, topmost first, each once it and all layers above it are open,
 * since only those decide which of its files are visible. Matches in small upper layers appear
 * while the base is still downloading.
 */
async function* layerStages(
  numbers: readonly number[],
  { open, failed }: StagePorts,
  signal: AbortSignal,
): AsyncGenerator<SearchStage> {
  const opened = new Map<number, NumberedLayer | undefined>();
  let lost: unknown;
  const opening = numbers.toReversed().map(async number => {
    try {
      const files = await open(number);
      opened.set(number, { number, files, directory: layerTree(files.listing) });
    } catch (error) {
      opened.set(number, undefined);
      lost = error;
      if (!signal.aborted) failed(number, error);
    }
    return number;
  });
  let done = 0;
  const above: NumberedLayer[] = [];
  while (done < opening.length) {
    await opening[done];
    signal.throwIfAborted();
    const fresh = new Set<number>();
    for (
      let number = numbers.at(-1 - done);
      number !== undefined && opened.has(number);
      number = numbers.at(-1 - done)
    ) {
      const layer = opened.get(number);
      if (layer) above.unshift(layer);
      fresh.add(number);
      done += 1;
    }
    if (above.length > 0) yield { tree: MergedTree.of(above.slice()), layers: fresh };
  }
  if (above.length === 0 && lost !== undefined) throw lost;
}
