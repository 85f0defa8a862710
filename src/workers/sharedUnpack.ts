import type { Layer } from '../oci/layer.ts';

/** Blob size in bytes below which a layer is done before a second thread has started. */
const LEAST = 16 << 20;

/**
 * Layers worth unpacking with two threads, so that no thread idles while the largest ones finish:
 * as many of the largest as there are threads without a layer, or one that outweighs all the others
 * together.
 * @param threads without other work
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
