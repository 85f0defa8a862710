import type { MergedNode, MergedTree } from '../browse/mergedTree.ts';
import type { Difference } from '../insight/compare.ts';
import type { FileEntry } from '../insight/layerContent.ts';
import type { PackageChanges, Packages } from '../insight/packages.ts';
import type { ChosenFiles } from './browsing.ts';
import { readWhole } from './imageFiles.ts';

/** Packages that one database tells of, on both sides. */
export interface PackageComparison {
  /** `dpkg` or `apk`. */
  readonly kind: string;
  readonly changes: PackageChanges;
}

export interface Comparison extends Difference {
  readonly packages: readonly PackageComparison[];
  /** There are packages of rpm, whose databases Peel cannot read. */
  readonly unread: boolean;
}

/** A database of packages is text for people, and never as large as this. Bytes. */
const MAX_DATABASE = 64e6;

const RPM = ['var/lib/rpm', 'usr/lib/sysimage/rpm'].flatMap(folder =>
  ['rpmdb.sqlite', 'Packages', 'Packages.db'].map(name => `${folder}/${name}`),
);

/** Compares two images, or two layers, file by file and package by package. @throws what reading a file throws */
export async function compare(left: ChosenFiles, right: ChosenFiles, signal: AbortSignal): Promise<Comparison> {
  const [{ compareFiles }, { factsOf }] = await Promise.all([
    import('../insight/compare.ts'),
    import('../browse/mergedTree.ts'),
  ]);
  const entries = function* (tree: MergedTree): Generator<FileEntry> {
    for (const node of tree.walk()) yield { linkname: '', ...factsOf(node), ...contentOf(node) };
  };
  return {
    ...compareFiles(entries(left.tree), entries(right.tree)),
    packages: await packagesOf(left, right, signal),
    unread: RPM.some(path => left.tree.tryFind(path) ?? right.tree.tryFind(path)),
  };
}

/** What tells a file's content without reading it. Of a layer known by its own table of contents there is no such checksum; its time stands in, as it does for rsync. */
function contentOf({ content, contentEntry }: MergedNode): { readonly content?: string } {
  if (!content || contentEntry?.type !== 'file') return {};
  const { crc, mtime } = contentEntry;
  return { content: content.layer.files.index.facts.kind === 'toc' ? `time:${mtime}` : `crc32:${crc}` };
}

async function packagesOf(left: ChosenFiles, right: ChosenFiles, signal: AbortSignal): Promise<PackageComparison[]> {
  const { PACKAGE_DATABASES, comparePackages } = await import('../insight/packages.ts');
  const found: PackageComparison[] = [];
  for (const { kind, path, read } of PACKAGE_DATABASES) {
    const [before, after] = await Promise.all([
      databaseOf(left, path, read, signal),
      databaseOf(right, path, read, signal),
    ]);
    // A layer without the database changed no package; that is not: has none.
    const told = left.layer === undefined && right.layer === undefined ? (before ?? after) : before && after;
    if (told) found.push({ kind, changes: comparePackages(before ?? new Map(), after ?? new Map()) });
  }
  return found;
}

async function databaseOf(
  { tree }: ChosenFiles,
  path: string,
  read: (text: string) => Packages,
  signal: AbortSignal,
): Promise<Packages | undefined> {
  const node = tree.tryFind(path);
  if (node?.contentEntry?.type !== 'file') return undefined;
  return read(Buffer.from(await readWhole(tree, node, MAX_DATABASE, signal)).toString('utf8'));
}
