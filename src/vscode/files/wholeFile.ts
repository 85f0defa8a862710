import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createWholeFile } from '../../blobs/wholeFile.ts';
import type { MergedNode, MergedTree } from '../../browse/tree/mergedTree.ts';

/** Writes an image's file of any size to disk, completely or not at all. */
export async function saveWhole(
  tree: MergedTree,
  node: MergedNode,
  target: string,
  signal: AbortSignal,
): Promise<void> {
  const { writeSync } = await import('node:fs');
  const executable = (node.facts.mode & 0o111) !== 0;
  await mkdir(dirname(target), { recursive: true });
  await createWholeFile(target, executable ? 0o755 : 0o644, async file => {
    const write = (chunk: Uint8Array): void => {
      for (let at = 0; at < chunk.length;) at += writeSync(file.fd, chunk, at);
    };
    await tree.read(node, { write }, signal);
  });
}
