import { inSlices } from '../../browse/formats/slices.ts';
import type { MergedNode, MergedTree } from '../../browse/tree/mergedTree.ts';
import type { FileEntry } from '../layerContent.ts';
import { DamagedDatabaseError } from '../packages/databaseBytes.ts';
import { readPackages } from '../packages/readPackages.ts';
import { changeTree, type ChangeNode } from './changeTree.ts';
import { compareEntries, type Difference } from './compareEntries.ts';
import { comparePackages, type PackageChanges } from './comparePackages.ts';
import { contentChecksums, type ComparedFiles, type ComparePorts } from './contentChecksums.ts';

/** The package changes of one package manager. */
export interface PackageComparison {
  /** `dpkg`, `apk` or `rpm`. */
  readonly kind: string;
  readonly changes: PackageChanges;
}

export interface Comparison extends Difference {
  /** The difference as a tree. */
  readonly tree: ChangeNode;
  readonly packages: readonly PackageComparison[];
  /** Why packages could not be compared. */
  readonly unread?: string;
}

/**
 * Compares two images, or two layers, file by file and package by package. Reads whole layers where
 * only that tells files apart.
 * @throws what reading a layer or a file throws
 */
export async function compareImages(
  left: ComparedFiles,
  right: ComparedFiles,
  ports: ComparePorts,
  signal: AbortSignal,
): Promise<Comparison> {
  const contents = await contentChecksums(left, right, ports, signal);
  const entries = (tree: MergedTree): Iterable<FileEntry> => entriesOf(tree, contents);
  const difference = await inSlices(compareEntries(entries(left.tree), entries(right.tree)), signal);
  return {
    ...difference,
    tree: await inSlices(changeTree(difference), signal),
    ...(await comparedPackages(left, right, signal)),
  };
}

function* entriesOf(tree: MergedTree, contents: ReadonlyMap<MergedNode, string>): Generator<FileEntry> {
  for (const node of tree.walk()) {
    const content = contents.get(node);
    yield { linkname: '', ...node.facts, ...extrasOf(node), ...(content === undefined ? {} : { content }) };
  }
}

/** Returns what a node's `facts` leave out. */
function extrasOf({ entry, contentEntry }: MergedNode): Pick<FileEntry, 'device' | 'xattrs'> {
  const described = contentEntry ?? entry;
  if (!described) return {};
  const { type, devMajor, devMinor, xattrs } = described;
  const device = type === 'char' || type === 'block' ? { device: `${devMajor}:${devMinor}` } : {};
  return { ...device, ...(xattrs ? { xattrs } : {}) };
}

async function comparedPackages(
  left: ComparedFiles,
  right: ComparedFiles,
  signal: AbortSignal,
): Promise<Pick<Comparison, 'packages' | 'unread'>> {
  try {
    const [before, after] = await Promise.all([readPackages(left.tree, signal), readPackages(right.tree, signal)]);
    const packages: PackageComparison[] = [];
    for (const kind of new Set([...before.keys(), ...after.keys()])) {
      const [one, other] = [before.get(kind), after.get(kind)];
      // A layer without the database changes no package, whereas such an image has none.
      const isComparable = (one && other) || (left.layer === undefined && right.layer === undefined);
      if (isComparable) packages.push({ kind, changes: comparePackages(kind, one ?? [], other ?? []) });
    }
    return { packages };
  } catch (error) {
    if (error instanceof DamagedDatabaseError) return { packages: [], unread: error.message };
    throw error;
  }
}
