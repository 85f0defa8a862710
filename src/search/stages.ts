import type { LayerFiles } from '../browse/sources/layerFiles.ts';
import { layerTree } from '../browse/listing/layerTree.ts';
import { MergedTree, type NumberedLayer } from '../browse/tree/mergedTree.ts';

/** Layers of an image that can be searched now, with all that may hide files of theirs. */
export interface SearchStage {
  readonly tree: MergedTree;
  /** Numbers of the layers whose files are to be searched; absent = all of the tree. */
  readonly layers?: ReadonlySet<number>;
}

/** What {@link stagesOf} needs of others. */
export interface StageContext {
  /** Opens a layer by its number; it is called for all at once. */
  readonly open: (layer: number) => Promise<LayerFiles>;
  /** Is told of a layer that cannot be opened. Its files are not searched, and what it hides is not hidden; the others go on. */
  readonly failed: (layer: number, error: unknown) => void;
  readonly signal: AbortSignal;
}

/**
 * The layers of an image, the topmost first, as soon as each is opened with all above it: what the image shows of a layer's files depends on nothing else. So what is found in small layers is
 * known while the base is still on its way.
 * @param numbers of all layers, base first @throws the error of the base when no layer at all can be opened, and the signal's reason
 */
export async function* stagesOf(
  numbers: readonly number[],
  { open, failed, signal }: StageContext,
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
