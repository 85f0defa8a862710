import { setImmediate } from 'node:timers/promises';
import type { MergedNode, MergedTree, NumberedLayer } from '../tree/mergedTree.ts';
import { splitPath } from '../../layers/tar/entryPath.ts';

/** Files between two turns of the event loop. An image may have a million. */
const BATCH = 4096;

/** A file to read. */
export interface WantedFile {
  /** Path in the image. */
  readonly path: string;
  /** Number of the layer that it comes from in the merged view. */
  readonly layer: number;
  /** Entry number in the layer whose archive has its content. */
  readonly at: number;
}

/**
 * Returns the visible files of an image, or of a folder of it, by the layer whose archive has their
 * content. A file with several names is listed once. Links are not followed. Empty files have
 * nothing to find, and sparse files are not text.
 * @param from a folder, or one file
 * @param passes tests a file, and the number of the layer that has the content
 */
export async function wantedFiles(
  tree: MergedTree,
  from: MergedNode,
  passes: (node: MergedNode, layer: number) => boolean,
  signal: AbortSignal,
): Promise<Map<NumberedLayer, WantedFile[]>> {
  const wanted = new Map<NumberedLayer, Map<number, WantedFile>>();
  let looked = 0;
  for (const node of from.isDirectory ? tree.walk(from) : [from]) {
    if (++looked % BATCH === 0) {
      await setImmediate();
      signal.throwIfAborted();
    }
    const { content } = node;
    if (!content) continue;
    const { listing } = content.layer.files;
    if (listing.type(content.at) !== 'file' || listing.size(content.at) === 0) continue;
    if (!passes(node, content.layer.number)) continue;
    if (listing.entry(content.at).sparse) continue;
    const files = wanted.get(content.layer) ?? new Map<number, WantedFile>();
    wanted.set(content.layer, files);
    // Of several names, prefer the one in the archive.
    const other = files.has(content.at) && splitPath(listing.path(content.at))?.join('/') !== node.path;
    if (!other) files.set(content.at, { path: node.path, layer: node.layer, at: content.at });
  }
  return new Map([...wanted].map(([layer, files]) => [layer, [...files.values()]]));
}
