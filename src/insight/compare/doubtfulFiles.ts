import type { MergedNode, MergedTree } from '../../browse/tree/mergedTree.ts';
import type { Sliced } from '../../browse/formats/slices.ts';

/** The same path on both sides: two files of equal size, from different archives. */
export type DoubtfulPair = readonly [left: MergedNode, right: MergedNode];

/** Returns the files whose contents alone tell whether they are equal. */
export function* doubtfulPairs(left: MergedTree, right: MergedTree): Sliced<DoubtfulPair[]> {
  const before = new Map<string, MergedNode>();
  for (const node of left.walk()) {
    yield;
    if (sizeOf(node) > 0) before.set(node.path, node);
  }
  const pairs: DoubtfulPair[] = [];
  for (const node of right.walk()) {
    yield;
    const old = before.get(node.path);
    if (old && sizeOf(old) === sizeOf(node) && !isSameEntry(old, node)) pairs.push([old, node]);
  }
  return pairs;
}

/** Bytes of a file's content; 0 for everything else. */
function sizeOf({ content }: MergedNode): number {
  const listing = content?.layer.files.listing;
  return content && listing?.type(content.at) === 'file' ? listing.size(content.at) : 0;
}

function isSameEntry({ content: left }: MergedNode, { content: right }: MergedNode): boolean {
  const [one, other] = [left?.layer.files.listing.facts, right?.layer.files.listing.facts];
  // Listings of different kinds number the entries of one layer differently.
  return left?.at === right?.at && one?.digest === other?.digest && one?.kind === other?.kind;
}
