import { inSlices } from '../../browse/formats/slices.ts';
import type { MergedNode, MergedTree } from '../../browse/tree/mergedTree.ts';
import type { FileEntry } from '../layerContent.ts';
import { PACKAGE_TYPES, type ImagePackages, type Package, type PackageType } from '../../packages/package.ts';
import { changeTree, type ChangeNode } from './changeTree.ts';
import { compareEntries, type Difference } from './compareEntries.ts';
import { comparePackages, type PackageChanges } from './comparePackages.ts';
import { contentChecksums, type ComparedFiles, type ComparePorts } from './contentChecksums.ts';

/** The package changes of one kind. */
export interface PackageComparison {
  readonly kind: PackageType;
  readonly changes: PackageChanges;
}

export interface Comparison extends Difference {
  /** The difference as a tree. */
  readonly tree: ChangeNode;
  readonly packages: readonly PackageComparison[];
  /** What could not be read for packages. */
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
    ...(await comparedPackages(left, right, ports, signal)),
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
  { packages: read }: ComparePorts,
  signal: AbortSignal,
): Promise<Pick<Comparison, 'packages' | 'unread'>> {
  const [before, after] = [await read(left, signal), await read(right, signal)];
  const notes = [...new Set([...before.notes, ...after.notes])];
  const [old, now] = [byKind(before), byKind(after)];
  const packages: PackageComparison[] = [];
  for (const kind of PACKAGE_TYPES) {
    const [one, other] = [old.get(kind), now.get(kind)];
    // A layer without the database changes no package, whereas such an image has none.
    const isComparable = (one && other) || (left.layer === undefined && right.layer === undefined);
    if (isComparable && (one || other)) packages.push({ kind, changes: comparePackages(kind, one ?? [], other ?? []) });
  }
  return { packages, ...(notes.length > 0 ? { unread: notes.slice(0, 5).join(' ') } : {}) };
}

function byKind({ packages }: ImagePackages): ReadonlyMap<PackageType, readonly Package[]> {
  return Map.groupBy(packages, ({ type }) => type);
}
