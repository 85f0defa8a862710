import type { HistoryEntry, ImageConfig } from '../oci/config.ts';
import type { Layer } from '../oci/layer.ts';

/** One step of an image's history, with the layer it added. */
export interface HistoryStep {
  readonly createdBy?: string;
  readonly comment?: string;
  /** RFC 3339. */
  readonly created?: string;
  /** Absent for a step that changed no file, or whose layer is unknown. */
  readonly layer?: Layer;
}

/**
 * Returns an image's history (image-spec, config.md) with the layer of each step, base first. If
 * the history has another number of layers than the manifest, pairing them would be a guess: the
 * steps come without layers, followed by the layers without steps.
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
