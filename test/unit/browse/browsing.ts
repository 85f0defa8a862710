import type { MergedTree } from '../../../src/browse/tree/mergedTree.ts';
import type { LoggedRequest } from '../../support/listen.ts';

const { signal } = new AbortController();

export async function contentOf(tree: MergedTree, path: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  await tree.read(tree.find(path), { write: chunk => void chunks.push(Buffer.from(chunk)) }, signal);
  return Buffer.concat(chunks);
}

export const pathsOf = (tree: MergedTree): string[] => [...tree.walk()].map(({ path }) => path).toSorted();

/** Returns the number of blob requests and of bytes requested, Infinity for a whole blob. */
export function fetched(requests: readonly LoggedRequest[]): { readonly requests: number; readonly bytes: number } {
  const blobs = requests.filter(({ path, method }) => path.includes('/blobs/') && method === 'GET');
  const bytes = blobs.map(({ headers }) => {
    const [, start, end] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [];
    return end === undefined ? Infinity : Number(end) - Number(start) + 1;
  });
  return { requests: blobs.length, bytes: bytes.reduce((sum, count) => sum + count, 0) };
}
