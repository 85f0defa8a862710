import { FileTooLargeError } from '../errors.ts';
import type { MergedNode, MergedTree } from './mergedTree.ts';

/** Reads a whole file into memory. @param limit in bytes @throws {FileTooLargeError} */
export async function readWholeFile(
  tree: MergedTree,
  node: MergedNode,
  limit: number,
  signal: AbortSignal,
): Promise<Buffer> {
  const { size } = node.facts;
  if (size > limit) throw new FileTooLargeError(node.path, size, limit);
  const bytes = Buffer.alloc(size);
  let at = 0;
  const write = (chunk: Uint8Array): void => {
    bytes.set(chunk.subarray(0, size - at), at);
    at += chunk.length;
  };
  await tree.read(node, { write }, signal);
  return bytes;
}
