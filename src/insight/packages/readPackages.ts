import { readWholeFile } from '../../browse/tree/wholeFile.ts';
import type { MergedNode, MergedTree } from '../../browse/tree/mergedTree.ts';
import type { Package } from './package.ts';
import { DPKG_FOLDER, PACKAGE_DATABASES } from './packageDatabases.ts';
import { readDpkgPart } from './packageParagraphs.ts';

/** The most bytes read of a database, and of a file that describes one package. */
const MAX_DATABASE = 256e6;
const MAX_PART = 1e6;

/**
 * Reads the packages of an image, by package manager.
 * @throws {DamagedDatabaseError} and what reading a file throws
 */
export async function readPackages(
  tree: MergedTree,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly Package[]>> {
  const found = new Map<string, readonly Package[]>();
  for (const { kind, path, log, read } of PACKAGE_DATABASES) {
    const node = tree.tryFind(path);
    if (found.has(kind) || !isFile(node)) continue;
    const logNode = log === undefined ? undefined : tree.tryFind(log);
    const newer = isFile(logNode) ? await readWholeFile(tree, logNode, MAX_DATABASE, signal) : undefined;
    found.set(kind, await read(await readWholeFile(tree, node, MAX_DATABASE, signal), newer));
  }
  const parts = await readParts(tree, signal);
  if (parts.length === 0) return found;
  const dpkg = found.get('dpkg') ?? [];
  const names = new Set(dpkg.map(({ name }) => name));
  return found.set('dpkg', [...parts.filter(({ name }) => !names.has(name)), ...dpkg]);
}

async function readParts(tree: MergedTree, signal: AbortSignal): Promise<readonly Package[]> {
  const found: Package[] = [];
  const folder = tree.tryFind(DPKG_FOLDER);
  for (const node of folder?.isDirectory ? tree.childrenOf(folder).values() : []) {
    // The folder also has lists of checksums.
    if (!isFile(node) || node.name.endsWith('.md5sums')) continue;
    found.push(...readDpkgPart((await readWholeFile(tree, node, MAX_PART, signal)).toString('utf8')));
  }
  return found;
}

function isFile(node: MergedNode | undefined): node is MergedNode {
  return node?.contentEntry?.type === 'file';
}
