import type { MergedNode, MergedTree } from '../../browse/tree/mergedTree.ts';
import type { Difference } from '../../insight/compare.ts';
import type { FileEntry } from '../../insight/layerContent.ts';
import type { PackageChanges } from '../../insight/packages/packages.ts';
import type { ChosenFiles } from '../command/chooseFiles.ts';
import { contentsInDoubt, type ContentsNeeds } from './contentChecksums.ts';
import type { ChangeNode } from './changeTree.ts';
import { withNotification } from '../common/progress.ts';

/** Packages that one database tells of, on both sides. */
export interface PackageComparison {
  /** `dpkg`, `apk` or `rpm`. */
  readonly kind: string;
  readonly changes: PackageChanges;
}

export interface Comparison extends Difference {
  /** The same as a tree. */
  readonly tree: ChangeNode;
  readonly packages: readonly PackageComparison[];
  /** Why packages could not be compared, where there are such. */
  readonly unread?: string;
}

/** Compares two images, or two layers, file by file and package by package. Layers are read as a whole where only that tells files from each other. @throws what reading a layer or a file throws */
export async function compare(left: ChosenFiles, right: ChosenFiles, needs: ContentsNeeds): Promise<Comparison> {
  const contents = await contentsInDoubt(left, right, needs);
  return withNotification('Comparing', signal => compareKnown(left, right, contents, signal));
}

async function compareKnown(
  left: ChosenFiles,
  right: ChosenFiles,
  contents: ReadonlyMap<MergedNode, string>,
  signal: AbortSignal,
): Promise<Comparison> {
  const [{ compareSteps }, { changeTreeSteps }, { inSlices }, { factsOf }] = await Promise.all([
    import('../../insight/compare.ts'),
    import('./changeTree.ts'),
    import('../../browse/formats/slices.ts'),
    import('../../browse/tree/mergedTree.ts'),
  ]);
  const entries = function* (tree: MergedTree): Generator<FileEntry> {
    for (const node of tree.walk()) {
      const content = contents.get(node);
      yield { linkname: '', ...factsOf(node), ...moreOf(node), ...(content === undefined ? {} : { content }) };
    }
  };
  const difference = await inSlices(compareSteps(entries(left.tree), entries(right.tree)), signal);
  return {
    ...difference,
    tree: await inSlices(changeTreeSteps(difference), signal),
    ...(await comparedPackages(left, right, signal)),
  };
}

/** What the facts do not have. */
function moreOf({ entry, contentEntry }: MergedNode): Pick<FileEntry, 'device' | 'xattrs'> {
  const described = contentEntry ?? entry;
  if (!described) return {};
  const { type, devMajor, devMinor, xattrs } = described;
  const device = type === 'char' || type === 'block' ? { device: `${devMajor}:${devMinor}` } : {};
  return { ...device, ...(xattrs ? { xattrs } : {}) };
}

async function comparedPackages(
  left: ChosenFiles,
  right: ChosenFiles,
  signal: AbortSignal,
): Promise<Pick<Comparison, 'packages' | 'unread'>> {
  const [{ comparePackages }, { DamagedDatabaseError }, { readPackages }] = await Promise.all([
    import('../../insight/packages/packages.ts'),
    import('../../insight/packages/byteReader.ts'),
    import('./imagePackages.ts'),
  ]);
  try {
    const [before, after] = await Promise.all([readPackages(left.tree, signal), readPackages(right.tree, signal)]);
    const packages: PackageComparison[] = [];
    for (const kind of new Set([...before.keys(), ...after.keys()])) {
      const [one, other] = [before.get(kind), after.get(kind)];
      // A layer without the database changed no package; that is not: has none.
      const told = left.layer === undefined && right.layer === undefined ? (one ?? other) : one && other;
      if (told) packages.push({ kind, changes: comparePackages(one ?? new Map(), other ?? new Map()) });
    }
    return { packages };
  } catch (error) {
    if (error instanceof DamagedDatabaseError) return { packages: [], unread: error.message };
    throw error;
  }
}
