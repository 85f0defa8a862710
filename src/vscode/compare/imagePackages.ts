import type { MergedNode, MergedTree } from '../../browse/tree/mergedTree.ts';
import { DPKG_FOLDER, PACKAGE_DATABASES, readDpkgPart, type Packages } from '../../insight/packages/packages.ts';
import { readWhole } from '../files/wholeFile.ts';

/** A database of packages is never as large as this, and no file for one package as that. Bytes. */
const MAX_DATABASE = 256e6;
const MAX_PART = 1e6;

/** The packages that an image's databases name, by the program that keeps them. @throws {DamagedDatabaseError} and what reading a file throws */
export async function readPackages(tree: MergedTree, signal: AbortSignal): Promise<ReadonlyMap<string, Packages>> {
  const found = new Map<string, Packages>();
  for (const { kind, path, log, read } of PACKAGE_DATABASES) {
    const node = tree.tryFind(path);
    if (found.has(kind) || !isFile(node)) continue;
    const beside = log === undefined ? undefined : tree.tryFind(log);
    const newer = isFile(beside) ? await contentOf(tree, beside, MAX_DATABASE, signal) : undefined;
    found.set(kind, await read(await contentOf(tree, node, MAX_DATABASE, signal), newer));
  }
  const parts = await readParts(tree, signal);
  if (parts.size > 0) found.set('dpkg', new Map([...parts, ...(found.get('dpkg') ?? [])]));
  return found;
}

async function readParts(tree: MergedTree, signal: AbortSignal): Promise<Packages> {
  const found = new Map<string, string>();
  const folder = tree.tryFind(DPKG_FOLDER);
  for (const node of folder?.isDirectory ? tree.childrenOf(folder).values() : []) {
    // Lists of checksums lie beside.
    if (!isFile(node) || node.name.endsWith('.md5sums')) continue;
    const text = (await contentOf(tree, node, MAX_PART, signal)).toString('utf8');
    for (const [name, version] of readDpkgPart(text)) found.set(name, version);
  }
  return found;
}

function isFile(node: MergedNode | undefined): node is MergedNode {
  return node?.contentEntry?.type === 'file';
}

async function contentOf(tree: MergedTree, node: MergedNode, limit: number, signal: AbortSignal): Promise<Buffer> {
  const bytes = await readWhole(tree, node, limit, signal);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
