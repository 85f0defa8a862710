import { setImmediate } from 'node:timers/promises';
import type { MergedNode, MergedTree, NumberedLayer } from '../browse/tree/mergedTree.ts';
import { splitPath } from '../layers/tar/entryPath.ts';

/** After so many files others have their turn: an image may have a million. */
const BREATH = 4096;

/** A file that is to be searched. */
export interface WantedFile {
  /** As in the image. */
  readonly path: string;
  /** Number of the layer that it comes from, as the image shows it. */
  readonly layer: number;
  /** Number of the entry, in the layer whose archive holds its content. */
  readonly at: number;
}

/**
 * The files of an image, or of a folder of it, by the layer whose archive holds their content. What another layer hides is not among them; a file that has several names is there once; links are
 * not followed. Empty files have nothing to find, and files with holes are no text.
 * @param from a folder, or one file @param passes is asked of a path, and of the layer that holds the content
 */
export async function wantedFiles(
  tree: MergedTree,
  from: MergedNode,
  passes: (path: string, layer: number) => boolean,
  signal: AbortSignal,
): Promise<Map<NumberedLayer, WantedFile[]>> {
  const wanted = new Map<NumberedLayer, Map<number, WantedFile>>();
  let looked = 0;
  for (const node of from.isDirectory ? tree.walk(from) : [from]) {
    if (++looked % BREATH === 0) {
      await setImmediate();
      signal.throwIfAborted();
    }
    const { content } = node;
    if (!content) continue;
    const { listing } = content.layer.files;
    if (listing.type(content.at) !== 'file' || listing.size(content.at) === 0) continue;
    if (!passes(node.path, content.layer.number)) continue;
    if (listing.entry(content.at).sparse) continue;
    const files = wanted.get(content.layer) ?? new Map<number, WantedFile>();
    wanted.set(content.layer, files);
    // The name that the archive gives it is the best of several.
    const other = files.has(content.at) && splitPath(listing.path(content.at))?.join('/') !== node.path;
    if (!other) files.set(content.at, { path: node.path, layer: node.layer, at: content.at });
  }
  return new Map([...wanted].map(([layer, files]) => [layer, [...files.values()]]));
}
