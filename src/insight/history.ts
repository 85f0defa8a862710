import type { HistoryEntry, ImageConfig } from '../oci/config.ts';
import type { Layer } from '../oci/layer.ts';

/** One step of how an image was made, with the layer that it left. */
export interface HistoryStep {
  readonly createdBy?: string;
  readonly comment?: string;
  /** RFC 3339. */
  readonly created?: string;
  /** Absent for a step that changed no file, or whose layer cannot be told. */
  readonly layer?: Layer;
}

/**
 * How an image was made, base first: each step of its history (image-spec, config.md) with its layer. Where the history tells of another number of
 * layers than there are, pairing would be guessing: then the steps come without layers, and the layers after them without steps.
 */
export function historyOf(config: ImageConfig, layers: readonly Layer[]): HistoryStep[] {
  const { history } = config;
  const filled = history.filter(entry => !entry.emptyLayer).length;
  if (filled !== layers.length) return [...history.map(entry => stepOf(entry)), ...layers.map(layer => ({ layer }))];
  let next = 0;
  return history.map(entry => stepOf(entry, entry.emptyLayer ? undefined : layers[next++]));
}

function stepOf({ createdBy, comment, created }: HistoryEntry, layer?: Layer): HistoryStep {
  return {
    ...(createdBy === undefined ? {} : { createdBy }),
    ...(comment === undefined ? {} : { comment }),
    ...(created === undefined ? {} : { created }),
    ...(layer ? { layer } : {}),
  };
}
