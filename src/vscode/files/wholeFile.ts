import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createWholeFile } from '../../blobs/wholeFile.ts';
import type { MergedNode, MergedTree } from '../../browse/tree/mergedTree.ts';

/** Reads a whole file into memory. @throws {FileTooLargeError} */
export async function readWhole(
  tree: MergedTree,
  node: MergedNode,
  limit: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const [{ factsOf }, { FileTooLargeError }] = await Promise.all([
    import('../../browse/tree/mergedTree.ts'),
    import('../../browse/errors.ts'),
  ]);
  const { size } = factsOf(node);
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

/** Writes an image's file of any size to disk, completely or not at all. */
export async function saveWhole(
  tree: MergedTree,
  node: MergedNode,
  target: string,
  signal: AbortSignal,
): Promise<void> {
  const { writeSync } = await import('node:fs');
  const { factsOf } = await import('../../browse/tree/mergedTree.ts');
  const executable = (factsOf(node).mode & 0o111) !== 0;
  await mkdir(dirname(target), { recursive: true });
  await createWholeFile(target, executable ? 0o755 : 0o644, async file => {
    const write = (chunk: Uint8Array): void => {
      for (let at = 0; at < chunk.length;) at += writeSync(file.fd, chunk, at);
    };
    await tree.read(node, { write }, signal);
  });
}
