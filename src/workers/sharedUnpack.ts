import type { Layer } from '../oci/layer.ts';

/** A smaller layer is done before a second thread has started. Bytes of the blob. */
const LEAST = 16 << 20;

/**
 * The layers that two threads shall unpack together, for else threads would have nothing to do while these hold up the pull: as many of the largest as there are threads without a layer,
 * and one that is larger than all the others together.
 * @param threads how many have nothing else to do
 */
export function layersForTwoThreads<T extends Pick<Layer, 'descriptor'>>(
  layers: readonly T[],
  threads: number,
): ReadonlySet<T> {
  if (threads < 2) return new Set();
  const order = [...layers].sort((a, b) => b.descriptor.size - a.descriptor.size);
  const [largest, ...others] = order;
  const rest = others.reduce((sum, { descriptor }) => sum + Math.max(descriptor.size, 0), 0);
  const outweighs = largest !== undefined && largest.descriptor.size > rest;
  const helpers = Math.max(threads - layers.length, outweighs ? 1 : 0);
  return new Set(order.slice(0, helpers).filter(({ descriptor }) => descriptor.size >= LEAST));
}
